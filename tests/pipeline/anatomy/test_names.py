"""Muscle names as labs and models write them."""

import pytest

from pipeline.anatomy.muscles import MUSCLES
from pipeline.anatomy.names import plain, understood


@pytest.mark.parametrize(
    ("name", "muscle", "side"),
    [
        ("SOL", "soleus", ""),
        ("RSOL", "soleus", "r"),
        ("LeftSoleus", "soleus", "l"),
        ("EMG_SOL_R", "soleus", "r"),
        ("L_TibialisAnterior", "tibialis anterior", "l"),
        ("R.Gastroc.Med", "gastrocnemius medialis", "r"),
        ("Trigno sensor 3: Vastus Lateralis (left)", "vastus lateralis", "l"),
        ("RVastusLateralis", "vastus lateralis", "r"),
        ("glut_max2_r", "gluteus maximus", "r"),
        ("glmax2_l", "gluteus maximus", "l"),
        ("/forceset/addmagProx_r", "adductor magnus", "r"),
        ("DELT1", "deltoid, anterior", ""),
        ("Sensor 3 EMG", "", ""),
        ("", "", ""),
    ],
)
def test_a_name_says_which_muscle_of_which_side(name, muscle, side):
    found = understood(name)
    assert [one.name for one in found.muscles] == ([muscle] if muscle else [])
    assert found.side == side
    assert not found.whole


@pytest.mark.parametrize(
    ("name", "muscles"),
    [
        ("vastus", {"vastus medialis", "vastus intermedius", "vastus lateralis"}),
        ("biceps_femoris", {"biceps femoris, long head", "biceps femoris, short head"}),
        ("HAM", {"biceps femoris, long head", "semitendinosus", "semimembranosus"}),
    ],
)
def test_one_electrode_may_stand_for_several_muscles(name, muscles):
    found = understood(name)
    assert {one.name for one in found.muscles} == muscles
    assert found.whole


def test_every_muscle_of_the_shipped_models_has_a_plain_name_of_its_own(model):
    names = [muscle.name for muscle in model.muscles]
    told = [plain(name) for name in names]
    assert not set(told) & set(names)
    assert len(set(told)) == len(names)


def test_no_two_muscles_claim_one_alias():
    aliases = [alias for muscle in MUSCLES for alias in muscle.aliases.split()]
    assert len(aliases) == len(set(aliases))


def test_parts_keep_their_numbers_and_unknown_names_stay():
    assert plain("glut_max2_r") == "gluteus maximus 2 (right)"
    assert plain("muscle_17_x") == "muscle_17_x"
    assert plain("vastus") == "vastus"
