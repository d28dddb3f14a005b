"""What the solver relies on, of every set; and the sets against OpenSim's own curves."""

import numpy as np
import pytest
import torch
from curve_sets import CHOICES, sampled_of
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.curve_choice import CurveChoice
from pipeline.model.curves import Millard2013, Thelen2003, curve_set
from pipeline.model.curves.sampled import monotone_slopes
from pipeline.model.curves.table import Table, spline_slopes

NAMES = {
    "active_force_length": (0.0, 3.0),
    "force_velocity": (-5.0, 5.0),
    "passive_force_length": (0.0, 2.5),
    "tendon_force": (-0.5, 0.3),
}
RISING = ("force_velocity", "passive_force_length", "tendon_force")

each_set = pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
each_curve = pytest.mark.parametrize("name", NAMES)


def curve_of(choice, name):
    return getattr(curve_set(choice), name)


@each_set
@each_curve
@given(place=st.floats(0.0, 1.0))
def test_slopes_are_the_derivatives(choice, name, place):
    curve, (low, high) = curve_of(choice, name), NAMES[name]
    x = torch.tensor([low + place * (high - low)], dtype=torch.float64)
    size = 1e-6
    difference = (curve(x + size)[0] - curve(x - size)[0]) / (2 * size)
    # A table's second derivative may jump at a point, by which a central difference is off.
    torch.testing.assert_close(curve(x)[1], difference, rtol=1e-5, atol=1e-4)


@each_set
@each_curve
def test_autograd_through_the_value_gives_the_slope(choice, name):
    x = torch.linspace(*NAMES[name], 101, dtype=torch.float64, requires_grad=True)
    value, slope = curve_of(choice, name)(x)
    (gradient,) = torch.autograd.grad(value.sum(), x)
    torch.testing.assert_close(gradient, slope)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@each_set
@each_curve
def test_keeps_type_and_shape_and_is_finite_far_outside(choice, name, dtype):
    x = torch.linspace(-3.0, 3.0, 24, dtype=dtype).reshape(2, 3, 4)
    for part in curve_of(choice, name)(x):
        assert part.dtype == dtype
        assert part.shape == x.shape
        assert torch.isfinite(part).all()


@each_set
@each_curve
def test_single_precision_is_close_to_double(choice, name):
    x = torch.linspace(*NAMES[name], 2001)
    single, double = (curve_of(choice, name)(part)[0] for part in (x, x.double()))
    torch.testing.assert_close(single.double(), double, rtol=1e-5, atol=2e-5)


@each_set
@pytest.mark.parametrize("name", RISING)
def test_rises(choice, name):
    _, slope = curve_of(choice, name)(torch.linspace(*NAMES[name], 5001, dtype=torch.float64))
    assert (slope >= -1e-9).all()


@each_set
def test_neither_tendon_nor_passive_fibre_pushes(choice):
    curves = curve_set(choice)
    assert (curves.tendon_force(torch.linspace(-5.0, 0.3, 2001, dtype=torch.float64))[0] >= 0).all()
    force, _ = curves.passive_force_length(torch.linspace(0.0, 3.0, 2001, dtype=torch.float64))
    assert (force >= -0.006).all()  # what degroote2016 has, which is zero at 0.2 and not below


@each_set
def test_what_is_no_number_stays_none(choice):
    x = torch.tensor([torch.nan, 1.0, torch.inf, -torch.inf])
    for name in NAMES:
        value, _ = curve_of(choice, name)(x)
        assert torch.isnan(value[0])
        assert torch.isfinite(value[1])


@pytest.mark.parametrize("name", [name for name in CHOICES if name != "sampled"])
def test_landmarks(name):
    curves = curve_set(CHOICES[name])

    def at(curve, x):
        return float(curve(torch.tensor(x, dtype=torch.float64))[0])

    assert at(curves.active_force_length, 1.0) == pytest.approx(1.0, abs=0.01)
    assert at(curves.force_velocity, 0.0) == pytest.approx(1.0, abs=0.004)
    assert at(curves.force_velocity, -1.0) == pytest.approx(0.0, abs=0.02)
    if name != "degroote2016":
        assert at(curves.force_velocity, 10.0) == pytest.approx(1.4, abs=0.005)
    one = {"millard2013": 1.7}.get(name, 1.6)
    assert at(curves.passive_force_length, one) == pytest.approx(1.0, abs=1e-6)
    strain = 0.033 if name == "thelen2003" else 0.049
    assert at(curves.tendon_force, strain) == pytest.approx(1.0, abs=2e-3)


@pytest.mark.parametrize("name", ["degroote2016", "millard2013", "thelen2003"])
def test_what_is_set_in_a_set_is_what_its_curves_reach(name):
    wanted = {"plateau": 1.3, "passive_strain": 0.5, "tendon_strain": 0.06}
    curves = curve_set(CurveChoice.of({"set": name, **wanted}))
    one = torch.tensor([1.0], dtype=torch.float64)
    assert float(curves.force_velocity(10.0 * one)[0]) == pytest.approx(1.3, abs=0.005)
    assert float(curves.passive_force_length(1.5 * one)[0]) == pytest.approx(1.0, abs=1e-6)
    assert float(curves.tendon_force(0.06 * one)[0]) == pytest.approx(1.0, abs=2e-3)


def opensim_curves():
    opensim = pytest.importorskip("opensim")
    muscle = opensim.Millard2012EquilibriumMuscle("m", 1000.0, 0.1, 0.2, 0.1)
    muscle.finalizeFromProperties()
    return muscle, {
        "active_force_length": muscle.getActiveForceLengthCurve(),
        "force_velocity": muscle.getForceVelocityCurve(),
        "passive_force_length": muscle.getFiberForceLengthCurve(),
        "tendon_force": muscle.getTendonForceLengthCurve(),
    }


@each_curve
def test_millard_is_that_of_opensim(name):
    _, curves = opensim_curves()
    x = np.linspace(*NAMES[name], 3001)
    offset = 1.0 if name == "tendon_force" else 0.0  # OpenSim's is over length, not strain
    value, slope = getattr(Millard2013(), name)(torch.tensor(x))
    expected = [curves[name].calcValue(float(at + offset)) for at in x]
    slopes = [curves[name].calcDerivative(float(at + offset), 1) for at in x]
    np.testing.assert_allclose(value, expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(slope, slopes, rtol=0, atol=1e-3)


def thelen_in_opensim(length, strain):
    """Return the multipliers of OpenSim's muscle at full activation, and its normalised velocity.

    Fibre and tendon are given their lengths; the velocity follows from the balance of forces.
    """
    opensim = pytest.importorskip("opensim")
    model, body = opensim.Model(), opensim.Body("b", 1.0, opensim.Vec3(0), opensim.Inertia(1))
    slider = opensim.SliderJoint("slide", model.getGround(), body)
    model.addBody(body)
    model.addJoint(slider)
    muscle = opensim.Thelen2003Muscle("m", 1.0, 1.0, 1.0, 0.0)
    muscle.set_FmaxTendonStrain(0.033)
    muscle.addNewPathPoint("a", model.getGround(), opensim.Vec3(0))
    muscle.addNewPathPoint("z", body, opensim.Vec3(0))
    model.addForce(muscle)
    state = model.initSystem()
    found = []
    for at, by in zip(length, strain, strict=True):
        slider.getCoordinate().setValue(state, float(at + 1.0 + by), False)
        muscle.setActivation(state, 1.0)
        muscle.setFiberLength(state, float(at))
        model.realizeDynamics(state)
        found.append(
            (
                muscle.getActiveForceLengthMultiplier(state),
                muscle.getPassiveForceMultiplier(state),
                muscle.getTendonForce(state),
                muscle.getForceVelocityMultiplier(state),
                muscle.getNormalizedFiberVelocity(state),
            )
        )
    return np.array(found).T


def test_thelen_is_that_of_opensim_but_for_its_kinks():
    rng = np.random.default_rng(0)
    length, strain = rng.uniform(0.5, 1.5, 400), rng.uniform(0.002, 0.035, 400)
    active, passive, tendon, multiplier, velocity = thelen_in_opensim(length, strain)
    mine = Thelen2003()

    def worst(curve, x, expected, where):
        value = curve(torch.tensor(x))[0].numpy()
        assert where.sum() > 50
        return np.abs(value - expected)[where].max()

    everywhere = np.ones(400, dtype=bool)
    assert worst(mine.active_force_length, length, active, everywhere) < 1e-9
    assert worst(mine.passive_force_length, length, passive, everywhere) < 1.3e-3
    assert worst(mine.passive_force_length, length, passive, np.abs(length - 1.0) > 0.25) < 1e-4
    assert worst(mine.tendon_force, strain, tendon, strain > 0.015) < 1e-4
    assert worst(mine.tendon_force, strain, tendon, everywhere) < 4e-3
    # Beyond these OpenSim goes on along straight lines.
    published = (multiplier > 0.0) & (multiplier < 0.95 * 1.4)
    assert worst(mine.force_velocity, velocity, multiplier, published) < 5e-3
    turning = published & (np.abs(velocity) > 0.02)
    assert worst(mine.force_velocity, velocity, multiplier, turning) < 1e-6


def test_thelen_tendon_is_the_published_one():
    strain = np.linspace(0.0, 0.06, 601)
    end = 0.99 * 0.033 * np.exp(3.0) / (1.66 * np.exp(3.0) - 0.67)
    toe = 0.33 * np.expm1(3.0 * strain / end) / np.expm1(3.0)
    line = 0.33 + 0.67 / (0.033 - end) * (strain - end)
    expected = np.where(strain < end, toe, line)
    force = Thelen2003().tendon_force(torch.tensor(strain))[0].numpy()
    np.testing.assert_allclose(force, expected, rtol=0, atol=4e-3)
    taut = strain > 0.015
    np.testing.assert_allclose(force[taut], expected[taut], rtol=0, atol=1e-4)


def test_splines_are_those_of_scipy():
    interpolate = pytest.importorskip("scipy.interpolate")
    rng = np.random.default_rng(0)
    x, y = np.cumsum(rng.uniform(0.1, 1.0, 12)), rng.normal(size=12)
    natural = interpolate.CubicSpline(x, y, bc_type="natural")
    np.testing.assert_allclose(spline_slopes(x, y, (None, None)), natural(x, 1), atol=1e-12)
    clamped = interpolate.CubicSpline(x, y, bc_type=((1, 0.5), (1, -0.2)))
    np.testing.assert_allclose(spline_slopes(x, y, (0.5, -0.2)), clamped(x, 1), atol=1e-12)
    inner = interpolate.PchipInterpolator(x, y)(x, 1)[1:-1]
    np.testing.assert_allclose(monotone_slopes(x, y, (None, None))[1:-1], inner, atol=1e-12)


def test_sampled_curves_go_through_their_points_and_are_the_spline_between():
    interpolate = pytest.importorskip("scipy.interpolate")
    points = dict(CHOICES["sampled"].points)["forceVelocity"][0]
    x, y = np.array(points.x), np.array(points.y)
    spline = interpolate.CubicSpline(x, y, bc_type="natural")
    dense = np.linspace(x[0], x[-1], 2003)
    curves = curve_set(CHOICES["sampled"])
    for at in (x, dense):
        np.testing.assert_allclose(
            curves.force_velocity(torch.tensor(at))[0], spline(at), rtol=0, atol=1e-6
        )


def test_every_muscle_has_its_own_points():
    curves = curve_set(sampled_of(3))
    x = torch.full((2, 3, 5), 1.5, dtype=torch.float64)
    value, _ = curves.passive_force_length(x)
    expected = 0.25 * torch.tensor([1.0, 2.0, 3.0]).double()
    torch.testing.assert_close(value[0, :, 0], expected, rtol=1e-3, atol=0)
    later, _ = curves.of_muscles([2, 0]).passive_force_length(x[:, :2])
    torch.testing.assert_close(later, value[:, [2, 0]])
    reordered, _ = curve_set(sampled_of(3).in_order([2, 0])).passive_force_length(x[:, :2])
    torch.testing.assert_close(reordered, later)


def test_points_that_a_spline_swings_between_are_joined_without_swinging():
    x = [0.5, 0.9, 1.0, 1.05, 1.1, 1.6]
    content = {"set": "sampled", "passiveForceLength": {"x": x, "y": [0, 0, 0, 0.5, 0.5, 1.0]}}
    curves = curve_set(CurveChoice.of(content))
    value, slope = curves.passive_force_length(torch.linspace(0.0, 3.0, 3001, dtype=torch.float64))
    assert (slope >= -1e-9).all()
    assert (value >= 0).all()
    assert (value[1000:1101] <= 0.5 + 1e-3).all()


def test_a_table_goes_straight_on_beyond_its_ends():
    x = np.linspace(1.0, 2.0, 9)
    table = Table(np.array([1.0]), np.array([2.0]), (x**2)[None], (2 * x)[None])
    at = torch.tensor([-10.0, 0.0, 1.0, 1.37, 2.0, 50.0], dtype=torch.float64)
    value, slope = table.at(at)
    expected = torch.tensor([-21.0, -1.0, 1.0, 1.37**2, 4.0, 196.0], dtype=torch.float64)
    torch.testing.assert_close(value, expected)
    torch.testing.assert_close(slope, torch.tensor([2.0, 2, 2, 2.74, 4, 4], dtype=torch.float64))


def test_constants_first_met_under_inference_serve_gradients():
    x = torch.ones(2, 3, 4, dtype=torch.float64)
    curves = curve_set(CurveChoice.of({"set": "millard2013", "plateau": 1.45}))
    with torch.inference_mode():
        curves.force_velocity(x)
    moving = x.clone().requires_grad_()
    curves.force_velocity(moving)[0].sum().backward()
    assert moving.grad is not None
