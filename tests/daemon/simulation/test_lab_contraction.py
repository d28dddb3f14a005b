"""The lab's integrator is right: against a reference, against itself, against physiology."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from daemon.simulation.person.contraction import MuscleTendons, at_rest, contract
from pipeline.model.equilibrium import ForceBalance, Muscles

Array = NDArray[np.float64]
SLACK = np.array([0.35, 0.2, 0.1])  # from a stiff tendon on a short fibre to the opposite


def muscles() -> MuscleTendons:
    each = np.ones(3)
    return MuscleTendons(
        max_isometric_force=500 * each,
        optimal_fibre_length=np.array([0.05, 0.1, 0.15]),
        tendon_slack_length=SLACK,
        height=np.array([0.4, 0.2, 1e-3]),
        max_velocity=10 * each,
        damping=0.1 * each,
    )


def inputs(t: Array) -> tuple[Array, Array]:
    """Activation and length at `t`, shape [time, muscle]; still at first, smooth, then lively."""
    phase = np.array([0.0, 1.0, 2.0])
    swing = (1 - np.exp(-((t[:, None] / 0.3) ** 4))) * np.sin(9 * t[:, None] + phase)
    activation = 0.35 + 0.3 * swing
    length = 1.02 * SLACK + np.array([0.05, 0.1, 0.15]) * (0.9 + 0.15 * swing[:, ::-1])
    return activation, length


def force(step_s: float) -> Array:
    """Tendon forces every 1 ms over 1 s, integrated at `step_s`."""
    t = step_s * np.arange(round(1 / step_s) + 1)
    activation, length = inputs(t)
    state = at_rest(muscles(), activation[0], length[0])
    w, _ = contract(muscles(), state, activation[1:], length[1:], step_s)
    return muscles().tendon_force(w, length[1:])[round(1e-3 / step_s) - 1 :: round(1e-3 / step_s)]


def test_halving_the_step_quarters_the_error() -> None:
    exact = force(1e-3 / 16)
    coarse, fine = (np.abs(force(step) - exact).max() for step in (1e-3, 0.5e-3))
    assert coarse < 1e-3
    assert coarse / fine == pytest.approx(4.0, rel=0.15)


def test_agrees_with_an_adaptive_stiff_solver() -> None:
    all_muscles = muscles()

    def rate(time: float, w: Array) -> list[float]:
        activation, length = (x[0] for x in inputs(np.array([time])))

        def off(speed: float, muscle: int) -> float:
            speeds = np.full(3, speed)
            return float(all_muscles.imbalance(w, speeds, activation, length)[muscle])

        return [brentq(off, -1e4, 1e4, args=(muscle,), xtol=1e-12) for muscle in range(3)]

    activation, length = inputs(np.zeros(1))
    start = at_rest(all_muscles, activation[0], length[0])[0]
    t = 1e-3 * np.arange(1, 1001)
    options = {"t_eval": t, "rtol": 1e-8, "atol": 1e-10, "max_step": 1e-3}
    reference = solve_ivp(rate, (0, 1), start, "LSODA", **options).y.T
    expected = all_muscles.tendon_force(reference, inputs(t)[1])
    np.testing.assert_allclose(force(1e-3), expected, atol=1e-3)


def test_full_activation_at_optimal_length_gives_the_isometric_force() -> None:
    body = muscles()
    cosine = np.sqrt(1 - body.height**2)
    length = body.optimal_fibre_length * cosine + 1.049 * body.tendon_slack_length
    w, _, _ = at_rest(body, np.ones(3), length)
    tendon = body.tendon_force(w, length)
    np.testing.assert_allclose(tendon, cosine, rtol=0.05)
    np.testing.assert_allclose(body.imbalance(w, 0 * w, np.ones(3), length), 0, atol=1e-9)


def test_a_slack_muscle_pulls_with_next_to_nothing_and_stays_finite() -> None:
    body = muscles()
    length = np.tile(0.9 * SLACK + 0.5 * body.optimal_fibre_length, (500, 1))
    activation = np.full((500, 3), 0.01)
    state = at_rest(body, activation[0], SLACK + 1.2 * body.optimal_fibre_length)
    w, _ = contract(body, state, activation, length)
    assert np.isfinite(w).all()
    assert np.abs(body.tendon_force(w, length)[-1]).max() < 0.02


def test_holds_still_at_rest() -> None:
    body = muscles()
    activation, length = (np.tile(x, (200, 1)) for x in inputs(np.zeros(1)))
    state = at_rest(body, activation[0], length[0])
    w, _ = contract(body, state, activation, length)
    np.testing.assert_allclose(w, np.tile(state[0], (200, 1)), atol=1e-9)


def test_the_force_balance_is_that_of_the_model() -> None:
    """Whoever changes the one muscle has to change the other, or means the person to differ."""
    body, rng = muscles(), np.random.default_rng(7)
    w, before = rng.uniform(0.3, 1.7, (2, 3, 50))
    activation, tendon = rng.uniform(0.0, 1.0, (3, 50)), rng.uniform(0.98, 1.06, (3, 50))

    def column(values: Array) -> Array:
        return values[:, None]

    length = w * column(body.optimal_fibre_length) + tendon * column(body.tendon_slack_length)
    found = body.imbalance(w.T, (w - before).T / 0.01, activation.T, length.T)
    parts = (getattr(body, name) for name in Muscles._fields if name != "curves")
    model = Muscles(*(torch.as_tensor(column(part)) for part in parts))
    rate = torch.full((50,), 100.0, dtype=torch.float64)
    balance = ForceBalance.of(torch.as_tensor(activation), torch.as_tensor(length), model, rate)
    expected = balance.at(torch.as_tensor(w), torch.as_tensor(before)).residual
    np.testing.assert_allclose(found.T, expected, rtol=0, atol=1e-9)
