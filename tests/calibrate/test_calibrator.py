"""The calibrator on the data of a simulated person whose parameters are known."""

import numpy as np
import pytest
import torch

from pipeline.calibrate.calibrator import Calibrator, Settings
from pipeline.calibrate.result import Result
from pipeline.calibrate.window import PairedRows
from pipeline.model.nms import parameters_of, simulate
from pipeline.model.parameters import ParameterSpace, Rule
from pipeline.model.subject import Subject

RATE_HZ = 100.0
BOUNDS = {
    "optimal_fibre_length": (0.8, 1.2),
    "tendon_slack_length": (0.9, 1.1),
    "strength": (0.5, 2.5),
    "shape_factor": (-3.0, -0.01),
    "c1": (-0.95, -0.05),
    "c2": (-0.95, -0.05),
}
SETTINGS = Settings(window_s=6.0, segment_s=1.5, min_data_s=2.0)


def prior():
    return Subject.generic(
        muscles=("flexor", "extensor", "helper"),
        max_isometric_force=np.array([1200.0, 1500.0, 600.0]),
        optimal_fibre_length=np.array([0.08, 0.06, 0.12]),
        tendon_slack_length=np.array([0.15, 0.2, 0.1]),
        pennation=np.array([0.1, 0.3, 0.0]),
        max_velocity=np.full(3, 10.0),
    )


def person():
    return prior().with_values(
        {
            "strength": np.array([1.6, 0.8, 1.3]),
            "optimal_fibre_length": prior().optimal_fibre_length * [1.08, 0.94, 1.05],
            "tendon_slack_length": prior().tendon_slack_length * [0.98, 1.02, 1.01],
            "shape_factor": np.array([-1.5, -1.5, -1.5]),
        }
    )


def recorded(seconds, start_s=0.0):
    """Return rows of the person's movement, with the moments of the person's muscles."""
    t = start_s + np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    phase = np.array([0.0, np.pi, 1.0])
    excitation = np.clip(0.35 + 0.4 * np.sin(2 * np.pi * 0.9 * t[:, None] + phase), 0.01, 1.0)
    swing = np.array([1.0, -1.0, 0.8]) * np.sin(2 * np.pi * 0.7 * t)[:, None]
    rest = prior().optimal_fibre_length + 1.02 * prior().tendon_slack_length
    length = rest + 0.18 * prior().optimal_fibre_length * swing
    arms = np.array([[0.04, -0.03, 0.03], [0.0, -0.02, 0.02]])
    moment_arm = np.tile(arms, (len(t), 1, 1))
    output = simulate(
        parameters_of(person()),
        torch.tensor(excitation.T.copy()),
        torch.tensor(length.T.copy()),
        torch.tensor(np.moveaxis(moment_arm, 0, -1).copy()),
        1.0 / RATE_HZ,
    )
    moment = output.moment.T.numpy()
    return PairedRows(t, excitation, length, moment_arm, moment, np.ones(len(t), dtype=bool))


def calibrator(settings=SETTINGS, **options):
    rules = {name: Rule(True, bounds) for name, bounds in BOUNDS.items()}
    return Calibrator(ParameterSpace(prior(), rules), RATE_HZ, settings, **options)


def test_finds_the_person_behind_the_moments():
    """The held-out error falls to less than a fifth, and strengths go where they belong."""
    learner = calibrator()
    learner.add(recorded(6.0))
    first = learner.update()
    last = [learner.update() for _ in range(5)][-1]
    assert first.result in {Result.OK, Result.AT_BOUNDS}
    assert first.rmse_before is not None
    assert last.rmse is not None
    assert sum(last.rmse) < 0.2 * sum(first.rmse_before)
    assert last.version == learner.version > 1
    assert np.abs(last.subject.strength - person().strength).mean() < 0.3
    assert last.fallbacks == 0


def test_goes_on_from_the_parameters_it_is_given():
    learner = calibrator(start=person(), version=7)
    learner.add(recorded(6.0))
    update = learner.update()
    assert update.rmse_before is not None
    assert max(update.rmse_before) < 0.5
    assert update.version >= 7


def test_is_due_after_every_stride():
    learner = calibrator()
    assert not learner.due()
    for second in range(3):
        learner.add(recorded(1.0, second))
        assert learner.due()
        learner.update()
        assert not learner.due()


def test_too_few_samples():
    learner = calibrator()
    update = learner.update()
    assert update.result is Result.TOO_FEW_SAMPLES
    learner.add(recorded(1.0))
    update = learner.update()
    assert update.result is Result.TOO_FEW_SAMPLES
    assert "1.0 s" in update.sentence
    assert update.version == 0
    assert not update.adopted


@pytest.mark.parametrize("missing", [np.nan, np.inf])
def test_no_reference(missing):
    learner, rows = calibrator(), recorded(4.0)
    learner.add(rows._replace(moment=np.full_like(rows.moment, missing)))
    update = learner.update()
    assert update.result is Result.NO_REFERENCE
    assert update.loss is None


def test_not_excited():
    learner, rows = calibrator(), recorded(4.0)
    learner.add(rows._replace(excitation=np.full_like(rows.excitation, 0.2)))
    assert learner.update().result is Result.NOT_EXCITED


def test_divergence_is_a_result_and_the_next_update_starts_afresh():
    learner = calibrator(Settings(window_s=6.0, learning_rate=np.inf, steps=3))
    learner.add(recorded(6.0))
    for _ in range(2):
        update = learner.update()
        assert update.result is Result.DIVERGED
        assert update.version == 0
        np.testing.assert_allclose(update.subject.strength, 1.0)


def test_a_spike_in_the_reference_does_no_lasting_harm():
    learner, rows = calibrator(), recorded(6.0)
    moment = rows.moment.copy()
    moment[200] = 1e25
    learner.add(rows._replace(moment=moment))
    learner.update()
    learner.add(recorded(6.0, 6.0))
    last = [learner.update() for _ in range(4)][-1]
    assert last.rmse is not None
    assert np.isfinite(last.rmse).all()
    assert np.isfinite(last.subject.strength).all()


def test_a_candidate_that_fits_fresh_data_worse_is_rejected():
    """The newest second, on which candidates are judged, contradicts what was learnt."""
    learner, rows = calibrator(), recorded(6.0)
    moment = rows.moment.copy()
    fresh = slice(-round(SETTINGS.holdout_s * RATE_HZ), None)
    moment[fresh] = -3.0 * moment[fresh]
    learner.add(rows._replace(moment=moment))
    update = learner.update()
    assert update.result is Result.REJECTED
    assert update.version == 0
    np.testing.assert_array_equal(update.subject.strength, prior().strength)


def test_a_parameter_at_its_bound_is_reported():
    learner, rows = calibrator(Settings(window_s=6.0, prior_weight=0.0)), recorded(6.0)
    learner.add(rows._replace(moment=4.0 * rows.moment))
    updates = [learner.update() for _ in range(6)]
    assert any(label.startswith("strength") for label in updates[-1].at_bound)
    assert any(update.result is Result.AT_BOUNDS for update in updates)


def test_memory_is_bounded():
    learner = calibrator()
    for second in range(15):
        learner.add(recorded(1.0, second))
        assert len(learner._window) <= 600


def test_empty_rows_change_nothing():
    learner = calibrator()
    learner.add(recorded(1.0).part(slice(0, 0)))
    assert not learner.due()
    assert learner.update().t == 0.0
