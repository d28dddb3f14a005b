"""The synergy-hybrid objective on a made-up person, one of whose muscles has no electrode."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pipeline.calibrate.offline import CalibrationObjective, DescentSettings, cut, descend
from pipeline.calibrate.synergy.hybrid import HybridObjective, HybridSettings, calibrate_hybrid
from pipeline.emg.synthesis import SynergyWeights, Synthesis
from pipeline.model.nms import simulate
from pipeline.model.parameters import ParameterSpace, Rule
from pipeline.model.subject import Subject
from pipeline.timebase.rows import PairedRows

RATE_HZ = 100.0
RULES = {
    "optimal_fibre_length": Rule(False, (0.9, 1.1)),
    "tendon_slack_length": Rule(False, (0.95, 1.05)),
    "strength": Rule(True, (0.5, 2.5)),
    "gain": Rule(False, (0.67, 1.5)),
    "shape_factor": Rule(False, (-3.0, -0.01)),
    "c1": Rule(False, (-0.95, -0.05)),
    "c2": Rule(False, (-0.95, -0.05)),
}
WEIGHTS = np.array([[0.8, 0.0], [0.6, 0.2], [0.0, 0.7], [0.1, 0.8]])
RECORDED = torch.tensor([True, True, True, False])
STRETCHES = [slice(0, 150), slice(200, 350)]


def space() -> ParameterSpace:
    one = np.ones(4)
    generic = Subject.generic(
        muscles=("flexor", "second flexor", "extensor", "second extensor"),
        max_isometric_force=np.array([800.0, 700.0, 900.0, 1000.0]),
        optimal_fibre_length=0.08 * one,
        tendon_slack_length=0.2 * one,
        pennation=0.1 * one,
        max_velocity=10.0 * one,
    )
    return ParameterSpace(generic, RULES, dtype=torch.float64)


@pytest.fixture(scope="module")
def rows() -> PairedRows:
    """A movement of a person of the prior's strengths, driven by two synergies."""
    t = np.arange(400) / RATE_HZ
    primitives = np.stack((np.sin(7.0 * t) ** 2, np.sin(4.0 * t + 1.0) ** 4), 1)
    excitation = primitives @ WEIGHTS.T
    length = 0.285 + 0.02 * np.sin(3.0 * t)[:, None] * np.array([1.0, 1.0, -1.0, -1.0])
    arm = np.array([[0.04, 0.03, -0.03, -0.04], [0.0, 0.02, -0.02, 0.01]])
    moment_arm = np.broadcast_to(arm, (len(t), 2, 4))
    truth = space()
    moment = simulate(
        truth.parameters(truth.zeros()),
        *(
            torch.as_tensor(np.ascontiguousarray(a))
            for a in (excitation.T, length.T, moment_arm.transpose(1, 2, 0))
        ),
        1.0 / RATE_HZ,
    ).moment.T.numpy()
    return PairedRows(
        t, excitation, length, moment_arm, moment, np.ones(len(t), dtype=bool), excitation >= 0
    )


def objective_on(rows: PairedRows, recorded: torch.Tensor = RECORDED, **settings):
    room = space()
    trials = cut(rows, STRETCHES, RATE_HZ, 0.3, room.zeros())
    settings = HybridSettings(**{"count": 2, **settings})
    return HybridObjective(room, trials, recorded, 1.0 / RATE_HZ, settings)


def unseen(rows: PairedRows) -> PairedRows:
    """Return rows as they are recorded: nothing of the last muscle."""
    excitation = rows.excitation.copy()
    excitation[:, 3] = 0.0
    return rows._replace(excitation=excitation)


def test_the_gradient_is_that_of_differences(rows):
    objective = objective_on(rows)
    start = objective.start(objective.space.zeros() + 0.2)
    vector = start.clone().requires_grad_()
    gradient = torch.autograd.grad(objective(vector).value, vector)[0]
    for place in (0, 3, 4, 5, 11, 12, 200, len(vector) - 40):
        step = torch.zeros_like(start)
        step[place] = 1e-5
        with torch.no_grad():
            ahead, behind = objective(start + step).value, objective(start - step).value
        slope = (ahead - behind) / 2e-5
        assert float(gradient[place]) == pytest.approx(float(slope), abs=2e-6, rel=2e-3)


def test_what_a_missing_electrode_would_have_recorded_is_not_looked_at(rows):
    seen, hidden = objective_on(rows), objective_on(unseen(rows))
    vector = seen.start(seen.space.zeros())
    assert torch.equal(vector, hidden.start(hidden.space.zeros()))
    assert float(seen(vector).value) == float(hidden(vector).value)


def test_it_synthesises_the_excitation_that_no_electrode_records(rows):
    objective = objective_on(unseen(rows))
    found, synergies = calibrate_hybrid(objective, objective.space.zeros())
    assert found.vector.shape == (objective.space.size,)
    synthesis = Synthesis(SynergyWeights(synergies.weights.numpy(), objective.unit.numpy()))
    filled = synthesis.fill(rows.excitation, RECORDED.numpy())
    assert np.corrcoef(filled[:, 3], rows.excitation[:, 3])[0, 1] > 0.95
    np.testing.assert_array_equal(filled[:, :3], rows.excitation[:, :3])


def test_the_moments_are_better_than_without_the_muscle(rows):
    hybrid = objective_on(unseen(rows))
    with_synergies, _ = calibrate_hybrid(hybrid, hybrid.space.zeros())
    room = space()
    plain = CalibrationObjective(
        room,
        cut(unseen(rows), STRETCHES, RATE_HZ, 0.3, room.zeros()),
        1.0 / RATE_HZ,
        DescentSettings(),
    )
    found = descend(plain, room.zeros(), DescentSettings())
    assert with_synergies.relative_error < 0.3 * found.relative_error


def test_with_every_electrode_only_the_synergies_are_added(rows):
    objective = objective_on(rows, torch.ones(4, dtype=torch.bool))
    vector = objective.start(objective.space.zeros())
    plain = CalibrationObjective(
        objective.space,
        cut(rows, STRETCHES, RATE_HZ, 0.3, objective.space.zeros()),
        1.0 / RATE_HZ,
        DescentSettings(),
    )
    added = float(objective(vector).value) - float(plain(objective.space.zeros()).value)
    assert 0.0 <= added < 0.5


def test_values_outside_zero_to_one_cost(rows):
    objective = objective_on(rows, tracking_weight=0.0, effort_weight=0.0)
    start = objective.start(objective.space.zeros())
    far = start.clone()
    far[-10:] = 30.0
    assert float(objective(far).value) > float(objective(start).value)


def test_the_variance_gives_the_number_of_synergies(rows):
    assert objective_on(rows, count=None, min_vaf=0.5).count == 1
    assert objective_on(rows, count=None, min_vaf=0.99).count == 2


def test_numbers_that_are_not_finite_end_it(rows):
    broken = rows._replace(moment_arm=rows.moment_arm * np.nan)
    objective = objective_on(broken)
    objective.settings = replace(objective.settings, calibration=DescentSettings(steps=2))
    with pytest.raises(FloatingPointError):
        calibrate_hybrid(objective, objective.space.zeros())


def test_a_model_without_any_electrode_is_refused(rows):
    with pytest.raises(ValueError, match="no muscle"):
        objective_on(rows, torch.zeros(4, dtype=torch.bool))
