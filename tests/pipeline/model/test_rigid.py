"""The muscle on a rigid tendon: against the curves, the elastic muscle, and beside elastic ones."""

import numpy as np
import pytest
import torch
from curve_sets import CHOICES, sampled_of
from hypothesis import given, settings
from hypothesis import strategies as st
from muscle_draws import drawn_movement, drawn_parameters, person

from pipeline.model.activation import neural_activation, shaped
from pipeline.model.curve_choice import CurveChoice
from pipeline.model.curves import DEFAULT, curve_set
from pipeline.model.nms import parameters_of, simulate

STEP_S = 0.01
ALL = (True,) * 4


def problem(seed, samples=40, slack=False, **kind):
    rng = np.random.default_rng(seed)
    parameters = drawn_parameters(rng, 4)._replace(**kind)
    return parameters, drawn_movement(rng, parameters, samples, STEP_S, slack)


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
def test_force_is_that_of_the_curves_at_the_length_the_tendon_leaves(choice):
    curves = curve_set(choice)
    p, movement = problem(0, curves=curves, rigid=ALL)
    output = simulate(p, *movement, STEP_S)
    neural, _ = neural_activation(p.gain * movement.excitation, p.c1, p.c2, STEP_S, None)
    along = (movement.length - p.tendon_slack_length) / p.optimal_fibre_length
    fibre = torch.hypot(along, p.height)
    rate = torch.diff(along, dim=-1, prepend=along[:, :1]) / STEP_S
    velocity = along / fibre * rate / p.max_velocity
    activation = shaped(neural, p.shape_factor)
    optimum = 1.0 + choice.length_change * (1.0 - activation)
    active = curves.active_force_length(fibre / optimum)[0] * curves.force_velocity(velocity)[0]
    force = activation * active + curves.passive_force_length(fibre)[0]
    force = (along / fibre * (force + p.damping * velocity)).clamp_min(0.0)
    expected = p.max_isometric_force * p.strength * force
    torch.testing.assert_close(output.force, expected, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(output.fibre_length, fibre)
    assert (output.strain == 0).all()


def test_nothing_is_solved():
    parameters, movement = problem(1, rigid=ALL)
    report = simulate(parameters, *movement, STEP_S).report
    assert (report.iterations, report.residual, report.fallbacks) == (0, 0.0, 0)


def test_an_elastic_tendon_comes_nearer_the_stiffer_it_is():
    """The fibre's length is off by the tendon's strain, its velocity by the strain's rate."""
    subject = person()
    gaps = []
    for strain in (0.04, 0.02, 0.01):
        choice = CurveChoice.of({"set": "millard2013", "tendon_strain": strain})
        elastic = parameters_of(subject)._replace(curves=curve_set(choice))
        t = STEP_S * torch.arange(60, dtype=torch.float64)
        swing = 1.0 + 0.1 * torch.sin(6.0 * t)
        length = elastic.tendon_slack_length + 0.95 * elastic.optimal_fibre_length * swing
        excitation = torch.full_like(length, 0.5)
        arms = torch.ones(1, *length.shape, dtype=torch.float64)
        forces = [
            simulate(elastic._replace(rigid=rigid), excitation, length, arms, STEP_S).force
            for rigid in ((), ALL)
        ]
        gaps.append(float((forces[0] - forces[1]).abs().mean()))
    assert gaps[0] > 1.4 * gaps[1] > 1.4**2 * gaps[2] > 0


def test_a_tendon_longer_than_the_muscle_bears_no_force():
    parameters, movement = problem(2, rigid=ALL)
    slack = movement._replace(length=0.9 * parameters.tendon_slack_length.expand(4, 40))
    assert (simulate(parameters, *slack, STEP_S).force == 0).all()


@settings(max_examples=20)
@given(
    seed=st.integers(0, 2**32 - 1),
    rigid=st.lists(st.booleans(), min_size=4, max_size=4),
    slack=st.booleans(),
)
def test_rigid_and_elastic_muscles_side_by_side_are_each_what_they_are_alone(seed, rigid, slack):
    parameters, movement = problem(seed, slack=slack, curves=curve_set(sampled_of(4)))
    mixed = simulate(parameters._replace(rigid=tuple(rigid)), *movement, STEP_S)
    alone = [simulate(parameters._replace(rigid=r), *movement, STEP_S) for r in ((), ALL)]
    for muscle, one in enumerate(rigid):
        if one or alone[0].report.fallbacks == 0:
            # A slack tendon's strain is hardly told by its force.
            near = {"rtol": 1e-4, "atol": 1e-2}
            torch.testing.assert_close(mixed.force[muscle], alone[one].force[muscle], **near)
            near["atol"] = 1e-3
            torch.testing.assert_close(mixed.strain[muscle], alone[one].strain[muscle], **near)


@pytest.mark.parametrize("rigid", [ALL, (False, True, True, False)])
def test_in_parts_with_carried_state_is_the_whole(rigid):
    parameters, movement = problem(3, rigid=rigid)
    with torch.inference_mode():
        whole = simulate(parameters, *movement, STEP_S)
        state, parts = None, []
        for a, b in ((0, 1), (1, 2), (2, 17), (17, 40)):
            part = simulate(parameters, *(x[..., a:b] for x in movement), STEP_S, state)
            state = part.state
            parts.append(part.moment)
    scale = float(whole.force.max()) * 0.06
    torch.testing.assert_close(torch.cat(parts, -1), whole.moment, rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize("rigid", [ALL, (False, True, True, False)])
def test_sets_in_a_batch_are_each_what_they_are_alone(rigid):
    parameters, movement = problem(4, rigid=rigid)
    factors = torch.tensor([0.98, 1.0, 1.02], dtype=torch.float64).reshape(3, 1, 1)
    slack = factors * parameters.tendon_slack_length
    batch = simulate(parameters._replace(tendon_slack_length=slack), *movement, STEP_S)
    for i in range(3):
        one = parameters._replace(tendon_slack_length=slack[i])
        expected = simulate(one, *movement, STEP_S).moment
        torch.testing.assert_close(batch.moment[i], expected, rtol=0, atol=1e-4)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), dtype=st.sampled_from([torch.float32, torch.float64]))
def test_is_finite_with_a_finite_gradient_anywhere_inside_the_bounds(seed, dtype):
    rng = np.random.default_rng(seed)
    parameters = drawn_parameters(rng, 4, dtype)._replace(curves=DEFAULT, rigid=ALL)
    movement = drawn_movement(rng, parameters, 40, STEP_S, slack=True)
    slack = parameters.tendon_slack_length.clone().requires_grad_()
    output = simulate(parameters._replace(tendon_slack_length=slack), *movement, STEP_S)
    assert torch.isfinite(output.moment).all()
    assert (output.force >= 0).all()
    (gradient,) = torch.autograd.grad(output.moment.sum(), slack)
    assert torch.isfinite(gradient).all()
