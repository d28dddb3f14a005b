"""What the names of muscles and joints promise: which way a muscle turns a joint.

Names as the models of OpenSim and MyoSuite have them; the actions are those of any anatomy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

OPPOSITES = {
    "flexion": "extension",
    "dorsiflexion": "plantarflexion",
    "adduction": "abduction",
    "internal rotation": "external rotation",
    "inversion": "eversion",
    "pronation": "supination",
}
OPPOSITE = OPPOSITES | {second: first for first, second in OPPOSITES.items()}
"""The movement the other way."""

_JOINTS = {
    "hip": r"hip_?flex",
    "knee": r"knee_?(angle|flex)",
    "ankle": r"ankle_?(angle|flex)",
    "elbow": r"elbow",
    "wrist": r"(wrist_)?flexion$|wrist_?(flex|hand_r1)",
}
"""How the coordinate of flexion of a joint is called."""

_QUADRICEPS = r"vas|quad(?!_?fem)"
_RECTUS = r"rect?_?fem|rectus_?fem|recf"
_LONG_HAMSTRINGS = r"hams|bi(cep_?)?(s_?)?fem_?lh|bflh|biceps_?femoris|semi_?(mem|ten)"
_SHORT_HAMSTRING = r"bi(cep_?)?(s_?)?fem_?sh|bfsh"
_GASTROCNEMIUS = r"(lat_|med_)?gas"
_PROMISES: dict[str, dict[str, str]] = {
    "hip": {
        "flexion": rf"iliacus|psoas|iliopsoas|{_RECTUS}",
        "extension": rf"glut_?max|gl(ute)?u?t?max|gmax|{_LONG_HAMSTRINGS}",
    },
    "knee": {
        "flexion": rf"{_LONG_HAMSTRINGS}|{_SHORT_HAMSTRING}|{_GASTROCNEMIUS}|grac|sar(t|_|$)",
        "extension": rf"{_QUADRICEPS}|{_RECTUS}",
    },
    "ankle": {
        "dorsiflexion": r"tib_?ant|tibialis_?ant|ta(_|$)|ext_?(dig|hal)|edl|ehl|per_?tert",
        "plantarflexion": rf"sol|{_GASTROCNEMIUS}|tib_?post|flex_?(dig|hal)|fdl|fhl"
        r"|per_?(brev|long)",
    },
    "elbow": {
        "flexion": r"bic|bra(_|$|ch)|brd",
        "extension": r"tri|anc(_|$|on)",
    },
    "wrist": {
        "flexion": r"fcr|fcu|fds|fdp|pl(_|$)",
        "extension": r"ecrl|ecrb|ecu|edc|edm|eip",
    },
}
_SIDE = re.compile(r"(?:^|[_ ])(l|r|left|right)(?:[_ ]|$)")
_MOVEMENTS = (
    ("dorsiflexion", r"dorsi"),
    ("flexion", r"flex"),
    ("adduction", r"(?<!b)add"),
    ("abduction", r"abd"),
    ("internal rotation", r"rot"),
    ("inversion", r"subtalar"),
    ("pronation", r"pro_?sup"),
)
"""What the name of a coordinate says of its positive direction, where no muscle says more."""


def joint_of(coordinate: str) -> str | None:
    """Return which joint's flexion a coordinate is, as far as its name tells."""
    name = coordinate.lower()
    return next((joint for joint, said in _JOINTS.items() if re.search(said, name)), None)


def promised(muscle: str, coordinate: str) -> str | None:
    """Return the movement of a coordinate that a muscle's name promises."""
    joint = joint_of(coordinate)
    if joint is None:
        return None
    name = re.sub(r"^[rl]_", "", muscle.lower().replace(" ", "_").replace("/", "_"))
    for movement, said in _PROMISES[joint].items():
        if re.match(rf"(?:{said})", name):
            return movement
    return None


def side_of(name: str) -> str | None:
    """Return 'l' or 'r' where a name carries a side."""
    found = _SIDE.search(name.lower())
    return found[1][0] if found else None


def positive_movement(coordinate: str, arms: Iterable[tuple[str, float]]) -> str:
    """Return the movement that makes a coordinate larger.

    Parameters
    ----------
    coordinate
        Its name.
    arms
        Muscles by name with their mean moment arms about it, m: what most of those say whose
        action is known goes before the coordinate's name, since "knee_angle" is flexion in one
        model and extension in another.
    """
    votes: dict[str, float] = {}
    for muscle, arm in arms:
        movement = promised(muscle, coordinate)
        if movement is not None:
            movement = movement if arm > 0 else OPPOSITE[movement]
            votes[movement] = votes.get(movement, 0.0) + abs(arm)
    if votes:
        return max(votes, key=lambda movement: votes[movement])
    name = coordinate.lower()
    return next(
        (movement for movement, said in _MOVEMENTS if re.search(said, name)),
        f"larger {coordinate}",
    )
