"""A model with some of its file's muscles."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pipeline.errors import UserError
from pipeline.geometry import Geometry, ModelFile, crossing, with_muscles


def test_the_chosen_muscles_come_in_the_files_order(leg: ModelFile) -> None:
    chosen = with_muscles(leg, ["psoas_r", "soleus_r", "tib_ant_r"])
    assert chosen.muscle_names == ("tib_ant_r", "soleus_r", "psoas_r")
    assert chosen.coordinates == leg.coordinates


def test_a_chosen_muscle_keeps_its_length_and_moment_arms(leg: ModelFile) -> None:
    names = leg.coordinate_names
    chosen = with_muscles(leg, ["psoas_r", "rect_fem_r"])
    column = [leg.muscle_names.index(name) for name in chosen.muscle_names]
    q = np.array([[0.1, -0.4, 0.2], [-0.5, -1.9, 0.0]])
    for got, whole in zip(
        Geometry(chosen, names, names).evaluate(q),
        Geometry(leg, names, names).evaluate(q),
        strict=True,
    ):
        assert_allclose(got, whole[..., column], rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("names", "told"),
    [(["soleus_r", "DELT1"], "has no muscle 'DELT1'; it has tib_ant_r, "), ([], "No muscle of")],
)
def test_muscles_that_are_not_there(leg: ModelFile, names: list[str], told: str) -> None:
    with pytest.raises(UserError, match=told):
        with_muscles(leg, names)


@pytest.mark.parametrize(
    ("dof", "inside", "outside"),
    [
        ("hip_flexion_r", "psoas_r", "vas_med_r"),
        ("knee_angle_r", "med_gas_r", "soleus_r"),
        ("ankle_angle_r", "med_gas_r", "psoas_r"),
    ],
)
def test_the_muscles_that_cross_a_joint_are_those_with_a_moment_arm(
    leg: ModelFile, dof: str, inside: str, outside: str
) -> None:
    crossed = crossing(leg, [dof])
    assert inside in crossed
    assert outside not in crossed
    q = np.random.default_rng(3).uniform([-0.7, -2.0, -0.8], [1.0, 0.1, 0.8], (50, 3))
    moment_arm = Geometry(leg, leg.coordinate_names, [dof]).evaluate(q)[1][:, 0]
    assert crossed == tuple(np.array(leg.muscle_names)[np.abs(moment_arm).max(axis=0) > 0])


def test_every_muscle_of_the_leg_crosses_one_of_its_joints(leg: ModelFile) -> None:
    assert crossing(leg, leg.coordinate_names) == leg.muscle_names
