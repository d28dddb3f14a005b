"""The muscles of arm and leg: plain names, strength groups, and what labs and models call them.

Names of models are those of gait2392, gait10dof18musc, Rajagopal's and Lai's legs, arm26, MyoArm
and MyoLeg; short names are SENIAM's and those that makers of amplifiers suggest.
"""

from __future__ import annotations

from typing import NamedTuple


class Muscle(NamedTuple):
    """A muscle, or a part of one that has a name of its own."""

    name: str
    """Plain name."""
    group: str
    """Muscles of a group do the same, so that one scale of strength serves them."""
    aliases: str
    """Short names and models' names, in small letters without side, number and punctuation."""


MUSCLES = (
    Muscle("soleus", "soleus", "sol soleus"),
    Muscle(
        "gastrocnemius medialis",
        "gastrocnemii",
        "gm gmed gasmed medgas mg mgas gastmed gastrocnemiusmedialis gastrocnemiusmedial "
        "medialgastrocnemius gasm gmh gastrocm gastrocmed",
    ),
    Muscle(
        "gastrocnemius lateralis",
        "gastrocnemii",
        "gl glat gaslat latgas lg lgas gastlat gastrocnemiuslateralis gastrocnemiuslateral "
        "lateralgastrocnemius gasl glh gastrocl gastroclat",
    ),
    Muscle("tibialis anterior", "dorsiflexors", "ta tib tibant tibanterior tibialisanterior"),
    Muscle("tibialis posterior", "deep plantar flexors", "tp tibpost tibialisposterior"),
    Muscle("peroneus longus", "peronei", "pl perl perlong peroneuslongus fibularislongus per"),
    Muscle("peroneus brevis", "peronei", "pb perbrev peroneusbrevis fibularisbrevis"),
    Muscle("peroneus tertius", "dorsiflexors", "pertert peroneustertius"),
    Muscle("extensor digitorum longus", "dorsiflexors", "edl extdig extensordigitorumlongus"),
    Muscle("extensor hallucis longus", "dorsiflexors", "ehl exthal extensorhallucislongus"),
    Muscle("flexor digitorum longus", "deep plantar flexors", "fdl flexdig flexordigitorumlongus"),
    Muscle("flexor hallucis longus", "deep plantar flexors", "fhl flexhal flexorhallucislongus"),
    Muscle("rectus femoris", "rectus femoris", "rf rectfem recfem rectusfemoris rectus"),
    Muscle("vastus medialis", "vasti", "vm vasmed vmo vastusmedialis vastusmedial vastmed"),
    Muscle("vastus intermedius", "vasti", "vi vasint vastusintermedius vastint"),
    Muscle("vastus lateralis", "vasti", "vl vaslat vastuslateralis vastuslateral vastlat"),
    Muscle(
        "biceps femoris, long head",
        "hamstrings",
        "bfl bflh bifemlh bicepsfemorislong bicepsfemorislonghead bicepsfemorislh bicfemlh",
    ),
    Muscle(
        "biceps femoris, short head",
        "short biceps",
        "bfs bfsh bifemsh bicepsfemorisshort bicepsfemorisshorthead bicepsfemorissh",
    ),
    Muscle("semitendinosus", "hamstrings", "st semiten semitendinosus semitend"),
    Muscle("semimembranosus", "hamstrings", "sm semimem semimembranosus semimemb"),
    Muscle(
        "gluteus maximus",
        "gluteus maximus",
        "gmax glutmax glmax gluteusmaximus gluteus glut gluteusmax glutealmaximus",
    ),
    Muscle("gluteus medius", "hip abductors", "gmedius glutmed glmed gluteusmedius gluteusmed"),
    Muscle("gluteus minimus", "hip abductors", "gmin glutmin glmin gluteusminimus gluteusmin"),
    Muscle("tensor fasciae latae", "hip abductors", "tfl tensorfasciaelatae tensorfascialatae"),
    Muscle("iliacus", "iliopsoas", "il iliacus"),
    Muscle("psoas", "iliopsoas", "ps psoas"),
    Muscle("sartorius", "sartorius", "sar sart sartorius"),
    Muscle("gracilis", "hip adductors", "gra grac gracilis"),
    Muscle("pectineus", "hip adductors", "pect pectineus"),
    Muscle("adductor longus", "hip adductors", "al addlong adductorlongus"),
    Muscle("adductor brevis", "hip adductors", "addbrev adductorbrevis"),
    Muscle(
        "adductor magnus",
        "hip adductors",
        "am addmag adductormagnus addmagprox addmagmid addmagdist addmagisch",
    ),
    Muscle("quadratus femoris", "hip rotators", "quadfem quadratusfemoris"),
    Muscle("gemelli", "hip rotators", "gem gemelli"),
    Muscle("piriformis", "hip rotators", "peri piri piriformis"),
    Muscle(
        "deltoid, anterior",
        "deltoid",
        "ad delta deltant deltoidanterior deltoideusanterior anteriordeltoid delt1 da",
    ),
    Muscle(
        "deltoid, middle",
        "deltoid",
        "md deltmid deltoidmiddle deltoideusmedius middledeltoid medialdeltoid deltoidmedial delt2 "
        "deltlat",
    ),
    Muscle(
        "deltoid, posterior",
        "deltoid",
        "pd deltpost deltoidposterior deltoideusposterior posteriordeltoid delt3 dp",
    ),
    Muscle(
        "biceps brachii, long head",
        "biceps brachii",
        "biclong bbl bicepslong bicepslonghead bicepsbrachiilong bicepsbrachiilonghead",
    ),
    Muscle(
        "biceps brachii, short head",
        "biceps brachii",
        "bicshort bbs bicepsshort bicepsshorthead bicepsbrachiishort bicepsbrachiishorthead",
    ),
    Muscle("brachialis", "elbow flexors", "bra brachialis"),
    Muscle("brachioradialis", "elbow flexors", "brd brachioradialis"),
    Muscle(
        "triceps, long head",
        "triceps",
        "trilong tbl tricepslong tricepslonghead tricepsbrachiilonghead",
    ),
    Muscle(
        "triceps, lateral head",
        "triceps",
        "trilat tblat tricepslat tricepslateral tricepslateralhead tricepsbrachiilateralhead",
    ),
    Muscle(
        "triceps, medial head",
        "triceps",
        "trimed tbmed tricepsmed tricepsmedial tricepsmedialhead tricepsbrachiimedialhead",
    ),
    Muscle("anconeus", "triceps", "anc anconeus"),
    Muscle("supraspinatus", "rotator cuff", "supsp ssp supraspinatus"),
    Muscle("infraspinatus", "rotator cuff", "infsp isp infraspinatus"),
    Muscle("subscapularis", "rotator cuff", "subsc subscapularis"),
    Muscle("teres minor", "rotator cuff", "tmin teresminor"),
    Muscle("teres major", "teres major", "tmaj teresmajor"),
    Muscle("latissimus dorsi", "latissimus dorsi", "lat ld latissimus latissimusdorsi"),
    Muscle(
        "pectoralis major", "pectoralis major", "pecm pm pmaj pectoralis pectoralismajor pecmajor"
    ),
    Muscle("coracobrachialis", "coracobrachialis", "corb coracobrachialis"),
    Muscle("flexor carpi radialis", "wrist flexors", "fcr flexorcarpiradialis"),
    Muscle("flexor carpi ulnaris", "wrist flexors", "fcu flexorcarpiulnaris"),
    Muscle("palmaris longus", "wrist flexors", "palmarislongus"),
    Muscle(
        "extensor carpi radialis longus", "wrist extensors", "ecrl ecr extensorcarpiradialislongus"
    ),
    Muscle("extensor carpi radialis brevis", "wrist extensors", "ecrb extensorcarpiradialisbrevis"),
    Muscle("extensor carpi ulnaris", "wrist extensors", "ecu extensorcarpiulnaris"),
    Muscle("pronator teres", "pronators", "pt pronatorteres"),
    Muscle("pronator quadratus", "pronators", "pq pronatorquadratus"),
    Muscle("supinator", "supinator", "sup supinator"),
)
"""A name that two could claim goes to the one of whose electrode labs speak more often."""

WHOLES = {
    "gastrocnemius": ("gas gast gastroc gastrocnemius", "gastrocnemii"),
    "vasti": ("vas vast vasti vastus", "vasti"),
    "quadriceps": ("quad quads quadriceps", "vasti,rectus femoris"),
    "biceps femoris": ("bf bifem bicepsfemoris bicfem", "biceps femoris"),
    "hamstrings": ("ham hams hamstring hamstrings medham medialhamstrings", "hamstrings"),
    "adductors": ("add adductor adductors", "hip adductors"),
    "triceps surae": ("ts tricepssurae calf", "soleus,gastrocnemii"),
    "iliopsoas": ("ip iliopsoas hipflexor hipflexors", "iliopsoas"),
    "peronei": ("peroneus peronei fibularis", "peronei"),
    "deltoid": ("del delt deltoid deltoids deltoideus", "deltoid"),
    "biceps brachii": ("bb bic biceps bicepsbrachii", "biceps brachii"),
    "triceps": ("tb tri triceps tricepsbrachii", "triceps"),
    "wrist flexors": ("wf wristflexors flexors", "wrist flexors"),
    "wrist extensors": ("we wristextensors extensors", "wrist extensors"),
}
"""What one electrode over several muscles is called: aliases, and the groups (or the beginnings of
plain names) that it stands for, with commas."""
