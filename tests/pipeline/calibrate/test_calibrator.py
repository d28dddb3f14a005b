"""The calibrator on the data of a simulated person whose parameters are known."""

from dataclasses import replace

import numpy as np
import pytest
from person import RATE_HZ, person, prior, recorded, space

from daemon.assembly.calibrator import calibrator_settings
from daemon.config.learning import CalibratorConfig
from pipeline.calibrate.calibrator import Calibrator
from pipeline.calibrate.delay import Delays
from pipeline.calibrate.gate import Rule
from pipeline.model.identifiability import Identifiability
from pipeline.update import Reason, Result

DEFAULTS = calibrator_settings(CalibratorConfig())
SETTINGS = replace(DEFAULTS, window_s=6.0, segment_s=1.5, min_data_s=2.0)


def calibrator(settings=SETTINGS, **options):
    return Calibrator(space(), RATE_HZ, settings, **options)


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
    learner = calibrator(replace(DEFAULTS, window_s=6.0, learning_rate=np.inf, steps=3))
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


def test_a_rejected_candidate_neither_speeds_up_the_search_nor_has_a_part_in_the_next():
    learner = calibrator()
    learner.add(recorded(6.0))
    for _ in range(12):
        learner.update()
    rates, version = learner._pace.rates(), learner.version
    rows = recorded(1.0, 6.0)
    learner.add(rows._replace(moment=rows.moment * np.nan))
    learner.settings = replace(learner.settings, rule=Rule(tolerance=0.0))
    update = learner.update()
    assert (update.result, update.reason) == (Result.REJECTED, Reason.WORSE)
    assert learner.version == version
    assert max(learner._pace.rates()) < max(rates)
    np.testing.assert_allclose(learner._optimiser.vector.detach(), learner._accepted)


def test_a_person_who_becomes_another_is_searched_anew_and_judged_by_what_comes():
    learner = calibrator()
    for second in range(12):
        learner.add(recorded(1.0, float(second)))
        learner.update()
    settled, found = learner._pace.rates(), []
    for second in range(12, 20):
        rows = recorded(1.0, float(second))
        learner.add(rows._replace(moment=1.6 * rows.moment))
        found.append((learner.update(), learner._pace.rates()))
    assert max(rates[0] for _, rates in found) > 1.5 * settled[0]
    last = found[-1][0]
    assert sum(last.rmse) < 0.8 * sum(found[0][0].rmse_before)


def test_a_parameter_at_its_bound_is_reported():
    learner, rows = calibrator(replace(DEFAULTS, window_s=6.0, prior_weight=0.0)), recorded(6.0)
    learner.add(rows._replace(moment=4.0 * rows.moment))
    updates = [learner.update() for _ in range(12)]
    assert any(label.endswith(":strength") for label in updates[-1].at_bound)
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


def test_an_update_says_what_was_tried_and_how_well_it_is_known():
    learner = calibrator()
    learner.add(recorded(6.0))
    first = learner.update()
    assert first.error_after < first.error_before  # from a generic person there is much to gain
    for _ in range(3):
        update = learner.update()
    assert update.candidate is not None
    assert update.error_before < first.error_before
    assert update.confidence is not None
    assert set(update.confidence.deviation) == set(update.candidate.values())
    assert Identifiability.IDENTIFIED in update.confidence.identifiability["strength"]


def test_what_was_learnt_of_a_movement_is_not_forgotten_over_another():
    """Half a minute of movement that uses one muscle leaves what is known of the others."""
    first, errors = recorded(8.0), {}
    for memory in (0, 12):
        learner = calibrator(replace(SETTINGS, memory=memory, prior_weight=0.05))
        for start in range(8):
            learner.add(first.part(slice(100 * start, 100 * start + 100)))
            learner.update()
        for start in range(8, 30):
            rows = recorded(1.0, float(start))
            wrong = 0.4 * rows.moment  # as if another person moved, who is weaker
            learner.add(rows._replace(excitation=0.5 * rows.excitation, moment=wrong))
            learner.update()
        learner.forget()
        learner.add(first)
        errors[memory] = sum(learner.update().rmse_before)
    assert errors[12] < 0.8 * errors[0]


def test_parameters_that_were_in_force_can_be_restored():
    learner = calibrator()
    learner.add(recorded(6.0))
    first = learner.update()
    learner.update()
    version = learner.version
    update = learner.restore(first.subject, first.version)
    assert update.result is Result.ROLLED_BACK
    assert update.adopted
    assert update.version == learner.version == version + 1
    np.testing.assert_array_equal(update.subject.strength, first.subject.strength)
    following = learner.update()
    assert following.version == update.version + following.adopted


def test_strength_moves_on_when_geometry_has_settled():
    learner = calibrator(replace(SETTINGS, geometry_learning_rate_scale=0.01))
    learner.add(recorded(6.0))
    for _ in range(30):
        learner.update()
    before = learner.subject
    for second in range(6, 16):
        rows = recorded(1.0, float(second))
        learner.add(rows._replace(moment=0.8 * rows.moment))
        learner.update()
    after = learner.subject
    fell = (after.strength / before.strength).mean()
    assert fell < 0.95


def turned(rows, *joints):
    """Return rows whose reference has the opposite sign at some joints."""
    moment = rows.moment.copy()
    moment[:, list(joints)] *= -1.0
    return rows._replace(moment=moment)


@pytest.mark.parametrize(
    ("joints", "said"),
    [((0,), "The reference of hip has"), ((0, 1), "The reference of hip and knee have")],
)
def test_a_reference_of_opposite_sign_is_named_and_not_learnt_from(joints, said):
    learner = calibrator(joints=("hip", "knee"))
    learner.add(turned(recorded(6.0), *joints))
    update = learner.update()
    assert update.result is Result.OPPOSITE_REFERENCE
    assert said in update.sentence
    assert (update.version, update.candidate) == (0, None)


def test_a_reference_whose_sign_is_put_right_is_learnt_from_afresh():
    learner = calibrator(joints=("hip", "knee"))
    learner.add(turned(recorded(6.0), 0, 1))
    learner.update()
    told = []
    for second in range(6, 20):
        learner.add(recorded(1.0, second))
        told.append(learner.update().result)
    assert told[0] is Result.OPPOSITE_REFERENCE
    assert Result.TOO_FEW_SAMPLES in told
    assert Result.OPPOSITE_REFERENCE not in told[told.index(Result.TOO_FEW_SAMPLES) :]
    assert learner.version > 0


def test_a_sign_that_turns_in_mid_run_is_named_before_anything_is_learnt_from_it():
    learner = calibrator(joints=("hip", "knee"))
    learner.add(recorded(10.0))
    learner.update()
    for second in range(10, 13):
        learner.add(turned(recorded(1.0, float(second)), 0, 1))
        update = learner.update()
    assert update.result is Result.OPPOSITE_REFERENCE
    assert "hip and knee" in update.sentence


def test_the_delay_is_known_as_well_as_when_it_was_found():
    learner = calibrator(delays=Delays(0.03, 0.12), stranger=True)
    told = []
    for second in range(25):
        learner.add(recorded(1.0, float(second)))
        told.append(learner.update())
    kept = [one for one in told if one.adopted and one.t > 11.0]
    assert len(kept) >= 2
    assert len({one.confidence.delay_deviation_s for one in kept}) == 1


def test_a_reference_that_hardly_moves_or_is_only_poor_is_not_called_opposite():
    learner = calibrator()
    rows = recorded(6.0)
    learner.add(rows._replace(moment=-0.01 * rows.moment))
    assert learner.update().result is not Result.OPPOSITE_REFERENCE
    learner = calibrator()
    noise = 60.0 * np.random.default_rng(1).normal(size=rows.moment.shape)
    learner.add(rows._replace(moment=noise - 0.3 * rows.moment))
    assert learner.update().result is not Result.OPPOSITE_REFERENCE
