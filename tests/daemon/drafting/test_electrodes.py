"""Electrodes matched to muscles by the names of both."""

import pytest

from daemon.drafting.electrodes import match, strength_groups

LEG = ["soleus_l", "gasmed_l", "tibant_l", "semimem_l", "bfsh_l", "vasint_l", "recfem_l"]
LEG += ["glmax2_l", "psoas_l"]


def test_names_of_an_example_of_another_laboratory():
    channels = ["soleus", "gastrocnemius", "tibialis_anterior", "hamstrings", "biceps_femoris"]
    channels += ["vastus", "rectus_femoris", "gluteus"]
    found = match(channels, LEG, "l")
    assert {muscle: by for muscle, (by,) in found.driven.items()} == {
        "soleus_l": "soleus",
        "gasmed_l": "gastrocnemius",
        "tibant_l": "tibialis_anterior",
        "semimem_l": "hamstrings",
        "bfsh_l": "biceps_femoris",
        "vasint_l": "vastus",
        "recfem_l": "rectus_femoris",
        "glmax2_l": "gluteus",
    }
    assert found.without == ["psoas_l"]
    assert found.by_neighbour == found.unknown == found.left_out == []


def test_an_electrode_of_one_muscle_goes_before_one_of_several():
    found = match(["QUAD", "VL", "VM"], ["vas_med_r", "vas_lat_r", "vas_int_r", "rect_fem_r"], "r")
    assert found.driven == {
        "vas_med_r": ["VM"],
        "vas_lat_r": ["VL"],
        "vas_int_r": ["QUAD"],
        "rect_fem_r": ["QUAD"],
    }


def test_neighbours_speak_for_what_has_no_electrode():
    found = match(["VL", "VM", "SM"], ["vas_med_r", "vas_lat_r", "vas_int_r", "semiten_r"], "r")
    assert found.driven["vas_int_r"] == ["VM", "VL"]
    assert found.driven["semiten_r"] == ["SM"]
    assert found.by_neighbour == ["vas_int_r", "semiten_r"]


def test_parts_of_a_muscle_share_its_electrode():
    found = match(["GMAX"], ["glut_max1_r", "glut_max2_r", "glut_med1_r"], "r")
    assert found.driven == {"glut_max1_r": ["GMAX"], "glut_max2_r": ["GMAX"]}
    assert found.without == ["glut_med1_r"]


@pytest.mark.parametrize(
    ("channel", "why"),
    [
        ("RSOL", "other side"),
        ("deltoid", "the model has no deltoid"),
        ("soleus 2 left", "soleus is on soleus already"),
    ],
)
def test_what_drives_nothing_is_told_with_its_reason(channel, why):
    found = match(["soleus", channel], LEG, "l")
    (left,) = found.left_out
    assert left.channel == channel
    assert why in left.why


def test_a_name_that_says_nothing_is_unknown_but_the_models_own_is_taken():
    found = match(["Sensor 7", "odd_muscle"], ["odd_muscle", "soleus_l"], "l")
    assert found.unknown == ["Sensor 7"]
    assert found.driven == {"odd_muscle": ["odd_muscle"]}


def test_strength_groups_are_of_one_function_and_one_side():
    groups = strength_groups(["vas_med_r", "vas_lat_r", "vas_lat_l", "odd_muscle"])
    assert groups == {
        "vasti_r": ["vas_med_r", "vas_lat_r"],
        "vasti_l": ["vas_lat_l"],
        "odd_muscle": ["odd_muscle"],
    }
