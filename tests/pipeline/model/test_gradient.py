"""The implicit gradient of every parameter against differences and against autograd in time."""

import numpy as np
import pytest
import torch
from curve_sets import CHOICES, sampled_of
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from muscle_draws import Movement, drawn_movement, drawn_parameters
from torch.autograd import forward_ad

from daemon.bench.stepwise import neural_recursion
from pipeline.model import trajectory
from pipeline.model.activation import shaped
from pipeline.model.curves import DEFAULT, curve_set
from pipeline.model.equilibrium import ForceBalance, fibre_length, tendon_strain
from pipeline.model.nms import muscles_of, simulate

STEP_S = 0.01
DIFFERENTIABLE = (
    "max_isometric_force",
    "optimal_fibre_length",
    "tendon_slack_length",
    "max_velocity",
    "strength",
    "shape_factor",
    "c1",
    "c2",
)
INPUTS = Movement._fields
WEAKEST = 1e-9
"""Gradients this far below the largest of their kind are zero but for rounding."""
ROUNDING = 1e-13
"""Rounding of the loss."""
NEGLIGIBLE = 1e-10
"""What rounding makes of a gradient that is zero, as that by C1 at a constant excitation."""


@pytest.fixture(autouse=True)
def _solve_to_rounding(monkeypatch):
    """Differences of a loss need its solution more exact than anything else does."""
    monkeypatch.setattr(trajectory, "tolerance", lambda dtype: 1e-13)


KINDS = {
    **{name: (curve_set(choice), ()) for name, choice in CHOICES.items()},
    "points of each muscle": (curve_set(sampled_of(4)), ()),
    "rigid": (DEFAULT, (True,) * 4),
    "rigid by some": (curve_set(sampled_of(4)), (True, False, True, False)),
}
"""Curves, and for each muscle whether its tendon is rigid."""


def problem(seed, samples=30, kind="degroote2016"):
    """Return parameters and a movement, of muscles whose windows have one solution."""
    curves, rigid = KINDS[kind]
    rng = np.random.default_rng(seed)
    parameters = drawn_parameters(rng, 4)
    movement = drawn_movement(rng, parameters, samples, STEP_S)
    # A difference quotient must not cross a bound of the activation or change the equilibrium
    # that the first sample finds.
    inside = parameters._replace(
        c1=parameters.c1.clamp(-0.9, -0.1),
        c2=parameters.c2.clamp(-0.9, -0.1),
        curves=curves,
        rigid=rigid,
    )
    return inside, movement._replace(excitation=movement.excitation.clamp(0.02, 0.98))


def loss_of(moment, fibre, strain):
    """Weigh everything that a calibration looks at, unevenly over time."""
    weight = torch.sin(torch.arange(moment.shape[-1], dtype=moment.dtype)) + 1.5
    parts = (0.01 * moment, fibre, 10.0 * strain)
    return torch.stack([(weight * (part + part.square())).sum() for part in parts]).sum()


def solved_loss(parameters, movement):
    output = simulate(parameters, *movement, STEP_S)
    return loss_of(output.moment, output.fibre_length, output.strain)


def stepwise_loss(parameters, movement):
    """Step through time, by Newton iterations that autograd follows, from rest."""
    active = shaped(
        neural_recursion(parameters, movement.excitation, STEP_S), parameters.shape_factor
    )
    muscles = muscles_of(parameters)
    rate = torch.full(active.shape[-1:], 1.0 / STEP_S, dtype=active.dtype)
    rate[0] = 0.0
    balance = ForceBalance.of(active, movement.length, muscles, rate)
    solution = simulate(parameters, *movement, STEP_S).w.detach()
    states = []
    for i in range(active.shape[-1]):
        previous = states[-1] if states else solution[:, :1]
        w = solution[:, i : i + 1]
        for _ in range(3):
            at = balance.step(i).at(w, previous)
            w = w + at.residual / at.steepness
        states.append(w)
    w = torch.cat(states, -1)
    strain = tendon_strain(w, movement.length, muscles)
    strongest = parameters.max_isometric_force * parameters.strength
    force = strongest * parameters.curves.tendon_force(strain)[0]
    moment = (movement.moment_arm * force).sum(-2)
    return loss_of(moment, fibre_length(w, parameters.height), strain)


def gradients(loss, parameters, movement):
    """Return the gradient by everything that has one, by name."""
    values = {**parameters._asdict(), **movement._asdict()}
    wanted = {name: values[name].clone().requires_grad_() for name in (*DIFFERENTIABLE, *INPUTS)}
    moved = parameters._replace(**{name: wanted[name] for name in DIFFERENTIABLE})
    found = torch.autograd.grad(
        loss(moved, Movement(*(wanted[name] for name in INPUTS))), list(wanted.values())
    )
    return dict(zip(wanted, found, strict=True))


def difference(name, place, size, parameters, movement):
    """Return the central difference of the loss by one number, to the fourth order."""
    values = {**parameters._asdict(), **movement._asdict()}

    def at(shift):
        moved = values[name].clone()
        moved[place] += shift
        if name in INPUTS:
            return float(solved_loss(parameters, movement._replace(**{name: moved})))
        return float(solved_loss(parameters._replace(**{name: moved}), movement))

    near, far = at(size) - at(-size), at(2 * size) - at(-2 * size)
    return (8 * near - far) / (12 * size)


@pytest.mark.parametrize("name", [*DIFFERENTIABLE, *INPUTS])
@pytest.mark.parametrize("seed", range(3))
def test_equals_central_differences(name, seed):
    check_differences(name, *problem(seed))


@pytest.mark.parametrize("name", [*DIFFERENTIABLE, *INPUTS])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "degroote2016"])
def test_equals_central_differences_for_every_kind_of_muscle(kind, name):
    """Some bend so sharply that a difference quotient is off by more than for the smoothest."""
    check_differences(name, *problem(1, kind=kind), rel=1e-4)


def check_differences(name, parameters, movement, rel=1e-5):
    gradient = gradients(solved_loss, parameters, movement)[name]
    values = {**parameters._asdict(), **movement._asdict()}[name]
    samples = (0, 7, 29)
    for muscle in range(values.shape[-2]):
        for sample in samples if name in INPUTS else (0,):
            place = (..., muscle, sample) if values.dim() == 2 else (0, muscle, sample)
            size = 2e-5 * float(values[place].abs().clamp_min(0.02))
            expected = difference(name, place, size, parameters, movement)
            least = WEAKEST * float(gradient.abs().max()) + ROUNDING / size
            assert float(gradient[place]) == pytest.approx(expected, rel=rel, abs=least)


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32 - 1))
def test_equals_autograd_through_time(seed):
    parameters, movement = problem(seed, samples=20)
    with torch.no_grad():
        first = simulate(parameters, *(part[..., :1] for part in movement), STEP_S)
    assume(first.report.fallbacks == 0)
    mine = gradients(solved_loss, parameters, movement)
    stepped = gradients(stepwise_loss, parameters, movement)
    for name, expected in stepped.items():
        least = max(WEAKEST * float(expected.abs().max()), NEGLIGIBLE)
        torch.testing.assert_close(mine[name], expected, rtol=1e-6, atol=least, msg=name)


def test_reaches_carried_windows_too():
    """With a state before the window the same holds, the state itself being given."""
    parameters, movement = problem(5)
    with torch.no_grad():
        state = simulate(parameters, *(part[..., :10] for part in movement), STEP_S).state
    later = Movement(*(part[..., 10:] for part in movement))
    slack = parameters.tendon_slack_length.clone().requires_grad_()

    def moments(slack):
        moved = parameters._replace(tendon_slack_length=slack)
        return simulate(moved, *later, STEP_S, state).moment.square().sum()

    (gradient,) = torch.autograd.grad(moments(slack), slack)
    for muscle in range(4):
        shift = torch.zeros_like(slack)
        shift[muscle] = 1e-6
        with torch.no_grad():
            expected = (moments(slack + shift) - moments(slack - shift)) / 2e-6
        assert float(gradient[muscle]) == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_the_derivative_in_a_direction_agrees_with_the_gradient(kind):
    """What forwards and backwards say of one step of all parameters and of the excitation."""
    parameters, movement = problem(3, kind=kind)
    moved = {name: getattr(parameters, name).clone() for name in DIFFERENTIABLE}
    moved["excitation"] = movement.excitation.clone()
    random = torch.Generator().manual_seed(1)
    towards = {n: torch.randn(v.shape, generator=random, dtype=v.dtype) for n, v in moved.items()}

    def force(values):
        own = dict(values)
        given = movement._replace(excitation=own.pop("excitation"))
        return simulate(parameters._replace(**own), *given, STEP_S).force

    with forward_ad.dual_level():
        dual = {name: forward_ad.make_dual(moved[name], towards[name]) for name in moved}
        forwards = forward_ad.unpack_dual(force(dual)).tangent
    for values in moved.values():
        values.requires_grad_()
    found = force(moved)
    weights = torch.randn(found.shape, generator=random, dtype=found.dtype)
    (weights * found).sum().backward()
    backwards = sum(float((towards[name] * moved[name].grad).sum()) for name in moved)
    assert float((weights * forwards).sum()) == pytest.approx(backwards, rel=1e-9)
