"""Lengths and moment arms: one polynomial, its exact derivative, and what lies beyond the range."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.geometry import Coordinate, Geometry, ModelFile, Muscle, MusclePath

Array = NDArray[np.float64]
FRACTIONS = st.lists(st.floats(-1.5, 1.5), min_size=5, max_size=5)
"""A posture as fractions of half the range from its middle: beyond 1 it is extrapolated."""


def _whole(model: ModelFile) -> Geometry:
    return Geometry(model, model.coordinate_names, model.coordinate_names)


def _angles(model: ModelFile, fractions: list[float] | Array) -> Array:
    scaled = [
        coordinate.middle_rad + fraction * coordinate.half_range_rad
        for coordinate, fraction in zip(model.coordinates, fractions, strict=False)
    ]
    return np.array(scaled)


def _postures(model: ModelFile, n: int, reach: float = 1.2) -> Array:
    rng = np.random.default_rng(7)
    return np.array(
        [_angles(model, rng.uniform(-reach, reach, len(model.coordinates))) for _ in range(n)]
    )


def _check_derivative(model: ModelFile, fractions: list[float]) -> None:
    geometry = _whole(model)
    q, step = _angles(model, fractions), 1e-5
    steps = step * np.eye(len(q))
    _, moment_arm = geometry.evaluate(q[None])
    ahead, _ = geometry.evaluate(q + steps)
    behind, _ = geometry.evaluate(q - steps)
    assert_allclose(moment_arm[0], -(ahead - behind) / (2 * step), rtol=0, atol=1e-8)


@given(fractions=FRACTIONS)
def test_moment_arm_is_minus_the_derivative_of_length_leg(
    leg: ModelFile, fractions: list[float]
) -> None:
    assume(all(abs(abs(fraction) - 1) > 1e-4 for fraction in fractions))
    _check_derivative(leg, fractions)


@given(fractions=FRACTIONS)
def test_moment_arm_is_minus_the_derivative_of_length_arm(
    arm: ModelFile, fractions: list[float]
) -> None:
    assume(all(abs(abs(fraction) - 1) > 1e-4 for fraction in fractions))
    _check_derivative(arm, fractions)


@given(fractions=FRACTIONS)
def test_slope_of_a_moment_arm_is_its_derivative_by_its_own_angle(
    leg: ModelFile, fractions: list[float]
) -> None:
    assume(all(abs(abs(fraction) - 1) > 1e-4 for fraction in fractions))
    geometry = _whole(leg)
    q, step = _angles(leg, fractions), 1e-5
    slope = geometry.paths(q[None]).arm_slope[0]
    for dof, change in enumerate(step * np.eye(len(q))):
        (ahead, behind) = geometry.evaluate(np.stack((q + change, q - change)))[1][:, dof]
        assert_allclose(slope[dof], (ahead - behind) / (2 * step), rtol=0, atol=1e-7)


def test_paths_have_lengths_and_moment_arms_to_the_last_bit(model: ModelFile) -> None:
    geometry, q = _whole(model), _postures(model, 50)
    paths = geometry.paths(q)
    for got, expected in zip(paths[:2], geometry.evaluate(q), strict=True):
        assert_array_equal(got, expected)
    for row in range(len(q)):
        assert_array_equal(geometry.paths(q[row : row + 1]).arm_slope[0], paths.arm_slope[row])


@pytest.mark.parametrize("edge", [-1.0, 1.0])
def test_length_leaves_the_range_along_its_tangent(model: ModelFile, edge: float) -> None:
    geometry, middle = _whole(model), np.zeros(len(model.coordinates))
    for dof in range(len(model.coordinates)):
        at_edge = middle.copy()
        at_edge[dof] = edge
        q = _angles(model, at_edge)
        beyond = q + np.outer([0.0, 1e-6, 0.5], np.eye(len(q))[dof]) * edge
        length, moment_arm = geometry.evaluate(beyond)
        assert_allclose(moment_arm[:, dof], moment_arm[[0] * 3, dof], rtol=0, atol=1e-15)
        moved = (beyond - q)[:, dof, None]
        assert_allclose(length, length[0] - moved * moment_arm[0, dof], rtol=0, atol=1e-14)


def test_moment_arm_has_no_jump_at_the_edge(model: ModelFile) -> None:
    geometry = _whole(model)
    inside, outside = (
        geometry.evaluate(_angles(model, np.full(len(model.coordinates), fraction))[None])[1]
        for fraction in (1 - 1e-9, 1 + 1e-9)
    )
    assert_allclose(inside, outside, rtol=0, atol=1e-8)


@given(angle=st.floats(-50, 50))
def test_nothing_runs_away_far_outside(arm: ModelFile, angle: float) -> None:
    length, moment_arm = _whole(arm).evaluate(np.full((1, 5), angle))
    assert np.isfinite(length).all()
    assert np.isfinite(moment_arm).all()


def test_outside_tells_which_rows_are_extrapolated(leg: ModelFile) -> None:
    geometry = _whole(leg)
    q = np.array([_angles(leg, [0, 0, 0]), _angles(leg, [1, -1, 1]), _angles(leg, [0, 1.01, 0])])
    assert_array_equal(geometry.outside(q), [False, False, True])


def test_a_fixed_angle_outside_its_range_is_told_too(arm: ModelFile) -> None:
    streamed = arm.coordinate_names[:4]
    geometry = Geometry(arm, streamed, streamed, {"pro_sup": 1.5})
    assert geometry.outside(_angles(arm, np.zeros(4))[None]).all()


@pytest.mark.parametrize("n", [1, 3, 200])
def test_a_row_is_the_same_to_the_last_bit_whatever_comes_with_it(model: ModelFile, n: int) -> None:
    geometry, q = _whole(model), _postures(model, 200)
    length, moment_arm = geometry.evaluate(q)
    for start in range(0, 200, n):
        some_length, some_arm = geometry.evaluate(q[start : start + n])
        assert_array_equal(some_length, length[start : start + n])
        assert_array_equal(some_arm, moment_arm[start : start + n])


def test_no_rows_in_no_rows_out(leg: ModelFile) -> None:
    length, moment_arm = _whole(leg).evaluate(np.empty((0, 3)))
    assert length.shape == (0, 43)
    assert moment_arm.shape == (0, 3, 43)


def test_order_of_the_columns_does_not_matter(model: ModelFile) -> None:
    names, q = model.coordinate_names, _postures(model, 20)
    turned = Geometry(model, names[::-1], names)
    for got, expected in zip(turned.evaluate(q[:, ::-1]), _whole(model).evaluate(q), strict=True):
        assert_allclose(got, expected, rtol=0, atol=1e-14)


def test_only_the_wanted_dofs_come_in_the_wanted_order(leg: ModelFile) -> None:
    q = _postures(leg, 20)
    wanted = Geometry(leg, leg.coordinate_names, ("ankle_angle_r", "hip_flexion_r"))
    _, moment_arm = wanted.evaluate(q)
    expected = _whole(leg).evaluate(q)[1][:, [2, 0]]
    assert_allclose(moment_arm, expected, rtol=0, atol=1e-15)


def test_a_fixed_angle_is_an_angle_that_never_moves(arm: ModelFile) -> None:
    q = _postures(arm, 20)
    q[:, 4] = 0.3
    streamed = arm.coordinate_names[:4]
    fixed = Geometry(arm, streamed, arm.coordinate_names, {"pro_sup": 0.3})
    for got, expected in zip(fixed.evaluate(q[:, :4]), _whole(arm).evaluate(q), strict=True):
        assert_array_equal(got, expected)


def test_moment_arm_is_exactly_zero_about_a_joint_that_is_not_crossed(model: ModelFile) -> None:
    _, moment_arm = _whole(model).evaluate(_postures(model, 50))
    for column, muscle in enumerate(model.muscles):
        for dof, name in enumerate(model.coordinate_names):
            if name not in muscle.path.coordinates:
                assert not moment_arm[:, dof, column].any(), (muscle.name, name)


@pytest.mark.parametrize(
    ("muscle", "dof", "sign"),
    [
        ("soleus_r", "ankle_angle_r", -1),
        ("tib_ant_r", "ankle_angle_r", 1),
        ("vas_lat_r", "knee_angle_r", 1),
        ("bifemsh_r", "knee_angle_r", -1),
        ("rect_fem_r", "hip_flexion_r", 1),
        ("semimem_r", "hip_flexion_r", -1),
    ],
)
def test_leg_muscles_turn_the_joint_the_right_way(
    leg: ModelFile, muscle: str, dof: str, sign: int
) -> None:
    q = _angles(leg, [0, 0.5, 0])[None]
    _, moment_arm = Geometry(leg, leg.coordinate_names, (dof,)).evaluate(q)
    assert 0.02 < sign * moment_arm[0, 0, leg.muscle_names.index(muscle)] < 0.08


@pytest.mark.parametrize(
    ("muscle", "dof", "sign"),
    [
        ("BRA", "elbow_flexion", 1),
        ("BRD", "elbow_flexion", 1),
        ("TRIlat", "elbow_flexion", -1),
        ("BIClong", "pro_sup", -1),
        ("DELT2", "shoulder_elv", 1),
        ("DELT1", "elv_angle", 1),
        ("DELT3", "elv_angle", -1),
    ],
)
def test_arm_muscles_turn_the_joint_the_right_way(
    arm: ModelFile, muscle: str, dof: str, sign: int
) -> None:
    q = _angles(arm, np.zeros(5))[None]
    _, moment_arm = Geometry(arm, arm.coordinate_names, (dof,)).evaluate(q)
    assert 0.005 < sign * moment_arm[0, 0, arm.muscle_names.index(muscle)] < 0.1


def test_arm_fibres_stay_where_they_can_work(arm: ModelFile) -> None:
    """Over the whole ranges, tendon at slack, fibres stay within 0.45 to 1.45 optimal lengths."""
    length, _ = _whole(arm).evaluate(_postures(arm, 500, reach=1.0))
    slack = np.array([muscle.tendon_slack_length_m for muscle in arm.muscles])
    optimal = np.array([muscle.optimal_fibre_length_m for muscle in arm.muscles])
    fibre = (length - slack) / optimal
    assert fibre.min() > 0.45
    assert fibre.max() < 1.45


def test_a_known_polynomial() -> None:
    """Length = 0.3 + 0.02 x - 0.01 x^2 y with x = (q1 - 1) / 0.5 and y = q2 / 2."""
    path = MusclePath(("q1", "q2"), 3, ((0, 0), (1, 0), (2, 1)), (0.3, 0.02, -0.01), 0, 0, {}, {})
    muscle = Muscle("m", 100, 0.1, 0.2, 0, 10, path)
    coordinates = (Coordinate("q1", (0.5, 1.5), "up"), Coordinate("q2", (-2, 2), "out"))
    model = ModelFile("two joints", "made up", "none", coordinates, (muscle,))
    length, moment_arm = _whole(model).evaluate(np.array([[1.25, 1.0]]))
    assert_allclose(length, [[0.3 + 0.01 - 0.01 * 0.25 * 0.5]], atol=1e-15)
    assert_allclose(moment_arm[0, :, 0], [-(0.02 - 0.01 * 2 * 0.5 * 0.5) / 0.5, 0.0025 / 2])


def test_a_muscle_that_crosses_nothing_keeps_its_length(leg: ModelFile) -> None:
    still = MusclePath((), 0, ((),), (0.25,), 0, 0, {}, {})
    model = replace(leg, muscles=(replace(leg.muscles[0], path=still),))
    length, moment_arm = _whole(model).evaluate(_postures(leg, 5))
    assert_array_equal(length, np.full((5, 1), 0.25))
    assert not moment_arm.any()


@pytest.mark.parametrize(
    ("coordinates", "dofs", "fixed", "told"),
    [
        (("hip_flexion_r", "knee"), (), {}, r"'knee' is not a coordinate of model gait2392"),
        (
            ("hip_flexion_r", "knee_angle_r"),
            (),
            {},
            r"'ankle_angle_r' of model gait2392 right leg has 0 angles",
        ),
        (
            ("hip_flexion_r", "knee_angle_r", "ankle_angle_r"),
            (),
            {"knee_angle_r": 0.0},
            r"'knee_angle_r' of model gait2392 right leg has 2 angles",
        ),
        (
            ("hip_flexion_r", "knee_angle_r", "ankle_angle_r"),
            ("elbow",),
            {},
            r"'elbow' is not a coordinate",
        ),
    ],
)
def test_names_that_do_not_fit_the_model(
    leg: ModelFile,
    coordinates: tuple[str, ...],
    dofs: tuple[str, ...],
    fixed: dict[str, float],
    told: str,
) -> None:
    with pytest.raises(UserError, match=told):
        Geometry(leg, coordinates, dofs, fixed)
