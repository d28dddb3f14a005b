"""The fitting of paths, on muscles whose geometry is known."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from daemon.modelling.crossing import interactions
from daemon.modelling.difference import central_difference
from daemon.modelling.fit_paths import Limits, terms_of
from daemon.modelling.fitting import Fit, left_out
from daemon.modelling.samples import Posture, one_by_one, spread
from daemon.modelling.workers import Workers
from daemon.modelling.writing import model_json, table
from pipeline.errors import UserError
from pipeline.geometry import Coordinate, Geometry, ModelFile, Muscle, MusclePath

Array = NDArray[np.float64]
COORDINATES = (
    Coordinate("hip", (-0.5, 1.0), "flexion"),
    Coordinate("knee", (-2.0, 0.0), "extension"),
    Coordinate("ankle", (-0.7, 0.7), "dorsiflexion"),
)
NAMES = ("sum", "product", "hinge", "still", "cosines")


def posture(q: Array) -> tuple[Array, Array]:
    """Five muscles: of two joints one by one, of two together, of one, of none, and no polynomial.

    Lengths in m and moment arms -dl/dq in m, written down by hand.
    """
    hip, knee, ankle = q
    length = [
        0.4 + 0.05 * hip - 0.03 * knee**2,
        0.4 + 0.02 * hip * knee,
        0.3 - 0.04 * ankle,
        0.2,
        0.3 + 0.03 * np.cos(3 * ankle),
    ]
    moment_arm = np.zeros((3, 5))
    moment_arm[0, 0], moment_arm[1, 0] = -0.05, 0.06 * knee
    moment_arm[0, 1], moment_arm[1, 1] = -0.02 * knee, -0.02 * hip
    moment_arm[2, 2] = 0.04
    moment_arm[2, 4] = 0.09 * np.sin(3 * ankle)
    return np.array(length), moment_arm


def _fit(limits: Limits) -> dict[str, MusclePath]:
    return dict(zip(NAMES, _fit_of(posture, limits).run(NAMES)[0], strict=True))


def test_which_joints_act_together() -> None:
    found = interactions(one_by_one(posture), COORDINATES, quiet)
    together = {
        name: set(zip(*np.nonzero(f), strict=True)) for name, f in zip(NAMES, found, strict=True)
    }
    assert together == {
        "sum": {(0, 0), (1, 1)},
        "product": {(0, 0), (0, 1), (1, 0), (1, 1)},
        "hinge": {(2, 2)},
        "still": set(),
        "cosines": {(2, 2)},
    }


def test_terms_join_only_joints_that_act_together() -> None:
    apart, joined = np.eye(2, dtype=bool), np.ones((2, 2), dtype=bool)
    assert terms_of(2, apart).tolist() == [[0, 0], [0, 1], [1, 0], [0, 2], [2, 0]]
    assert terms_of(2, joined).tolist() == [[0, 0], [0, 1], [1, 0], [0, 2], [1, 1], [2, 0]]


def test_the_lowest_order_well_within_the_limits_is_taken() -> None:
    paths = _fit(Limits())
    assert {name: path.order for name, path in paths.items()} == {
        "sum": 2,
        "product": 2,
        "hinge": 1,
        "still": 0,
        "cosines": 6,
    }
    assert paths["sum"].coordinates == ("hip", "knee")
    assert paths["still"].coordinates == ()
    assert paths["sum"].length_max_m < 1e-9
    assert paths["cosines"].moment_arm_rms_m["ankle"] <= 1.5e-3


def test_a_tighter_limit_takes_a_higher_order() -> None:
    loose, tight = _fit(Limits()), _fit(Limits(length_rms_m=1e-6, moment_arm_rms_m=1e-5))
    assert tight["cosines"].order > loose["cosines"].order
    assert tight["cosines"].moment_arm_max_m["ankle"] < loose["cosines"].moment_arm_max_m["ankle"]


def test_a_limit_that_is_missed_is_marked() -> None:
    limits = Limits(max_order=3)
    path = _fit(limits)["cosines"]
    assert limits.excess(path) > 1
    assert "OVER THE LIMIT" in table([("cosines", path)], limits)
    assert "OVER THE LIMIT" not in table([("sum", _fit(limits)["sum"])], limits)


class _Written:
    """A source that is a function."""

    slow, tool = False, "no program"

    def __init__(self, of: Posture) -> None:
        self._of = of

    def __call__(self, q: Array) -> tuple[Array, Array]:
        return self._of(q)


def quiet(what: str, done: float) -> None:
    """Tell nobody."""


def _fit_of(of: Posture, limits: Limits) -> Fit:
    """Return a fit of all muscles over the whole ranges."""
    crew = Workers(_Written(of), None)  # type: ignore[arg-type]
    return Fit(
        crew,
        COORDINATES,
        interactions(crew.ask, COORDINATES, quiet),
        limits,
        300,
        spread(3, 375, seed=2),
        quiet,
    )


def _gap(width: float) -> Posture:
    """The five muscles, of which "product" has no length over this share of the hip's range."""

    def broken(q: Array) -> tuple[Array, Array]:
        length, moment_arm = posture(q)
        if q[0] < -0.5 + 1.5 * width:
            length[1] = moment_arm[:, 1] = np.nan
        return length, moment_arm

    return broken


def test_postures_without_a_length_are_left_out_and_told() -> None:
    fit = _fit_of(_gap(0.04), Limits())
    fitted, samples = fit.run(NAMES)
    (told,) = left_out(NAMES, samples)
    assert told.endswith("at some of the 375 postures, which are left out: product (14).")
    assert fit.smooth(NAMES, fitted, samples) == {}
    whole = _fit(Limits())["product"]
    assert fitted[1].coordinates == ("hip", "knee")
    assert fitted[1].exponents == whole.exponents
    assert_allclose(fitted[1].coefficients, whole.coefficients, atol=1e-9)


def test_where_too_many_postures_have_no_length_the_smooth_range_is_found() -> None:
    fit = _fit_of(_gap(0.2), Limits())
    smooth = fit.smooth(NAMES, *fit.run(NAMES))
    assert list(smooth) == ["product"]
    low, high = smooth["product"].ranges["hip"]
    assert high == 1.0
    assert -0.35 < low < -0.1  # up to a tenth without length is let pass
    assert "'product' has no length or one that jumps at 20 % of the postures" in (
        smooth["product"].sentence
    )


def _jump(q: Array) -> tuple[Array, Array]:
    """The five muscles, of which "hinge" jumps by 8 mm at the end of the ankle's range."""
    length, moment_arm = posture(q)
    length[2] += 0.008 * (q[2] < -0.5)
    return length, moment_arm


def test_a_jump_is_cut_off_by_the_least() -> None:
    fit = _fit_of(_jump, Limits())
    smooth = fit.smooth(NAMES, *fit.run(NAMES))
    assert list(smooth) == ["hinge"]
    assert -0.52 < smooth["hinge"].ranges["ankle"][0] < -0.35
    assert "'hinge' jumps in the source by up to 8 mm and is off by" in smooth["hinge"].sentence


def test_a_posture_at_which_the_source_fails_is_left_out_and_told() -> None:
    failing = (
        COORDINATES[2].middle_rad + COORDINATES[2].half_range_rad * spread(3, 375, seed=2)[7, 2]
    )

    def fails(q: Array) -> tuple[Array, Array]:
        length, moment_arm = posture(q)
        length[2] += 0.09 * (abs(q[2] - failing) < 1e-9)
        return length, moment_arm

    fit = _fit_of(fails, Limits())
    fitted, samples = fit.run(NAMES)
    assert fitted[2].length_max_m < 1e-9
    assert left_out(NAMES, samples)[0].endswith("left out: hinge (1).")
    assert samples.known(2).sum() == 374


def test_jumps_at_both_ends_are_cut_off() -> None:
    def jumps(q: Array) -> tuple[Array, Array]:
        length, moment_arm = posture(q)
        length[2] += 0.008 * (q[2] < -0.55) - 0.008 * (q[2] > 0.6)
        return length, moment_arm

    fit = _fit_of(jumps, Limits())
    low, high = fit.smooth(NAMES, *fit.run(NAMES))["hinge"].ranges["ankle"]
    assert -0.57 < low < 0.0
    assert 0.0 < high < 0.62


def test_a_muscle_that_jumps_everywhere_is_said_to() -> None:
    def rough(q: Array) -> tuple[Array, Array]:
        length, moment_arm = posture(q)
        length[2] += 0.01 * np.sign(np.sin(40 * q[2]))
        return length, moment_arm

    fit = _fit_of(rough, Limits())
    found = fit.smooth(NAMES, *fit.run(NAMES))["hinge"]
    assert found.ranges is None
    assert "narrower ranges do not mend it" in found.sentence


def test_a_muscle_without_any_length_is_refused_by_name() -> None:
    with pytest.raises(UserError, match="no length of 'product'"):
        _fit_of(_gap(1.0), Limits()).run(NAMES)


def test_a_kink_has_a_slope_and_a_jump_has_none() -> None:
    def length(q: Array) -> Array:
        return np.array([abs(q[0]), 0.3 + (q[0] >= 0) * 1e-3, 2 * q[0]]) * 0.02

    value, arm = central_difference(length, np.array([0.0]), 1e-5)
    assert_allclose(value, [0, 0.00602, 0])
    assert_allclose(arm[0], [0, np.nan, -0.04], atol=1e-9)


def test_a_wrapping_that_is_solved_roughly_keeps_its_slope() -> None:
    """A jump of a micrometre within the step would be a moment arm of 5 mm."""

    def length(q: Array) -> Array:
        return np.array([0.3 - 0.02 * q[0] + 1e-6 * (q[0] > 0)])

    _, arm = central_difference(length, np.array([0.0]), 1e-4)
    assert arm[0, 0] == pytest.approx(0.02, abs=3e-4)


@pytest.mark.parametrize("max_terms", [1, 4])
def test_the_number_of_terms_is_bounded(max_terms: int) -> None:
    for path in _fit(Limits(max_terms=max_terms)).values():
        assert len(path.exponents) <= max(max_terms, 3)


def test_the_fit_gives_lengths_and_moment_arms_back() -> None:
    """Fit, write, read and evaluate: the same as the muscles that were written down."""
    paths = _fit(Limits(length_rms_m=1e-5, moment_arm_rms_m=1e-4))
    muscles = tuple(Muscle(name, 100, 0.1, 0.2, 0, 10, path) for name, path in paths.items())
    model = ModelFile("five", "made up", "none", COORDINATES, muscles)
    assert json.loads(model_json(model))["muscles"][0]["name"] == "sum"
    names = model.coordinate_names
    middle = np.array([coordinate.middle_rad for coordinate in COORDINATES])
    half = np.array([coordinate.half_range_rad for coordinate in COORDINATES])
    q = middle + half * spread(3, 50, seed=9)
    length, moment_arm = Geometry(model, names, names).evaluate(q)
    for row, angles in enumerate(q):
        expected_length, expected_arm = posture(angles)
        assert_allclose(length[row], expected_length, rtol=0, atol=1e-4)
        assert_allclose(moment_arm[row], expected_arm, rtol=0, atol=1e-3)
