"""Stiffness against differences of the model itself, at rest and while fibres move."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from muscle_draws import drawn_movement, drawn_parameters
from torch import Tensor

from daemon.assembly.model import model_in_use
from daemon.assembly.subject import generic_subject
from daemon.config import load_config
from pipeline.geometry import Geometry, Paths
from pipeline.model.action import LEAST_SHARE, elastic_action
from pipeline.model.curves import DEFAULT
from pipeline.model.equilibrium import ForceBalance, tendon_strain
from pipeline.model.nms import Output, Parameters, muscles_of, parameters_of, simulate
from pipeline.model.stiffness import joint_stiffness, muscle_tendon_stiffness

STEP_S = 0.01
ANGLE_RAD, LENGTH_M = 1e-4, 1e-6
SMALLEST_EXCITATION = 0.05
"""Of muscles without an electrode: their moments have a slope too."""


def one_window_each(rows: np.ndarray) -> Tensor:
    """Return rows as windows of one sample, each in equilibrium at rest."""
    return torch.from_numpy(rows)[..., None]


class Walk:
    """The walking person of the model file, row by row at rest."""

    def __init__(self, path: Path, rigid: Callable[[int], bool]) -> None:
        config = load_config("walking")
        model = model_in_use(config)
        dofs, fixed = config.model.dofs, config.model.fixed_angles_rad
        self.geometry = Geometry(model, config.streams.angles.channels, dofs, fixed)
        kinds = tuple(rigid(place) for place in range(len(model.muscles)))
        self.parameters = parameters_of(generic_subject(model))._replace(rigid=kinds)
        with np.load(path) as recording:
            self.q = recording["q_f"]
            envelopes = dict(zip(recording["emg_names"], recording["emg"].T, strict=True))
        self.excitation = np.full((len(self.q), len(model.muscles)), SMALLEST_EXCITATION)
        for muscle, channels in config.model.muscles.items():
            mean = np.mean([envelopes[channel] for channel in channels], axis=0)
            self.excitation[:, model.muscle_names.index(muscle)] = np.clip(mean, 0.0, 1.0)

    def at(self, q: np.ndarray) -> tuple[Output, Paths]:
        paths = self.geometry.paths(q)
        rows = map(one_window_each, (self.excitation, paths.length, paths.moment_arm))
        with torch.inference_mode():
            return simulate(self.parameters, *rows, STEP_S), paths


@pytest.mark.parametrize(
    "rigid",
    [lambda place: False, lambda place: True, lambda place: place % 3 == 0],
    ids=["elastic", "rigid", "some of each"],
)
def test_over_a_walk_it_is_minus_the_slope_of_the_moment_at_rest(
    shared_data: Path, rigid: Callable[[int], bool]
) -> None:
    walk = Walk(shared_data / "walking" / "walk36.npz", rigid)
    output, paths = walk.at(walk.q)
    stiffness = joint_stiffness(
        muscle_tendon_stiffness(output.action(), walk.parameters),
        output.force,
        one_window_each(paths.moment_arm),
        one_window_each(paths.arm_slope),
    )[..., 0]
    for joint, step in enumerate(ANGLE_RAD * np.eye(walk.q.shape[1])):
        ahead, behind = (walk.at(walk.q + sign * step)[0].moment[:, joint, 0] for sign in (1, -1))
        slope = (ahead - behind) / (2.0 * ANGLE_RAD)
        torch.testing.assert_close(stiffness[:, joint], -slope, rtol=1e-4, atol=1e-3)


def fibres_at(output: Output, balance: ForceBalance) -> Tensor:
    """Return the state in balance with the fibres' velocities held, from one close by."""
    before = torch.cat((output.w[..., :1], output.w[..., :-1]), -1)
    w, change = output.w, output.w - before
    for _ in range(8):
        now = balance.at(w, w - change)
        w = w + now.residual / (now.steepness - now.by_previous)
    assert balance.at(w, w - change).residual.abs().max() < 1e-11
    return w


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1))
def test_while_fibres_move_it_is_the_slope_with_their_velocities_held(seed: int) -> None:
    rng = np.random.default_rng(seed)
    parameters = drawn_parameters(rng, 4)
    movement = drawn_movement(rng, parameters, 40, STEP_S)
    with torch.inference_mode():
        output = simulate(parameters, *movement, STEP_S)
    stiffness = muscle_tendon_stiffness(output.action(), parameters)
    rate = torch.full((40,), 1.0 / STEP_S, dtype=torch.float64)
    rate[0] = 0.0
    muscles, strongest = muscles_of(parameters), parameters.max_isometric_force
    forces = []
    for length in (movement.length + LENGTH_M, movement.length - LENGTH_M):
        balance = ForceBalance.of(output.activation, length, muscles, rate)
        w = fibres_at(output, balance)
        strain = tendon_strain(w, length, muscles)
        forces.append(strongest * parameters.strength * DEFAULT.tendon_force(strain)[0])
    slope = (forces[0] - forces[1]) / (2.0 * LENGTH_M)
    tendon = strongest * parameters.strength / parameters.tendon_slack_length
    firm = stiffness > (1.0 - 0.5 / LEAST_SHARE) * tendon * DEFAULT.tendon_force(output.strain)[1]
    assert firm.any()
    torch.testing.assert_close(
        (stiffness / tendon)[firm], (slope / tendon)[firm], rtol=1e-3, atol=1e-3
    )


def test_a_fibre_that_gives_way_faster_than_its_tendon_holds_has_a_bounded_stiffness() -> None:
    """Long fibre, long tendon, full activation, on the descending limb: no stable balance."""
    one = torch.ones((1, 1), dtype=torch.float64)
    parameters = Parameters(
        max_isometric_force=1000.0 * one,
        optimal_fibre_length=0.02 * one,
        tendon_slack_length=0.6 * one,
        height=1e-3 * one,
        max_velocity=10.0 * one,
        damping=0.0 * one,
        strength=one,
        gain=one,
        shape_factor=-1e-3 * one,
        c1=-0.5 * one,
        c2=-0.5 * one,
    )
    muscles = muscles_of(parameters)
    w = torch.linspace(1.05, 1.45, 400, dtype=torch.float64)[None]
    length = muscles.tendon_slack_length * 1.049 + w * muscles.optimal_fibre_length
    balance = ForceBalance.of(
        torch.ones_like(w), length, muscles, torch.zeros(400, dtype=torch.float64)
    ).at(w, w)
    tendon = 1000.0 * balance.by_strain / 0.6
    action = elastic_action(balance, torch.ones_like(w), muscles)
    stiffness = muscle_tendon_stiffness(action, parameters)
    assert (balance.steepness < 0).any()
    assert torch.isfinite(stiffness).all()
    assert (stiffness / tendon).min() == pytest.approx(1.0 - 1.0 / LEAST_SHARE)
    assert (stiffness <= tendon).all()
