import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from offline_person import RATE_HZ, rows_of, space

from pipeline.calibrate.loss import Trials
from pipeline.calibrate.offline import (
    CalibrationObjective,
    DescentSettings,
    cut,
    descend,
    relative_error,
)
from pipeline.calibrate.prior import WIDTH, distance
from pipeline.model.nms import simulate

STRETCHES = (slice(100, 180), slice(250, 350))


@pytest.fixture(scope="module")
def truth():
    """Parameters the calibration has to find, moderately far from the prior."""
    place = torch.linspace(-0.8, 0.8, space().size, dtype=torch.float64)
    return place[torch.randperm(len(place), generator=torch.Generator().manual_seed(3))]


def objective_on(rows, settings=None) -> CalibrationObjective:
    room = space()
    trials = cut(rows, STRETCHES, RATE_HZ, 0.3, room.zeros())
    return CalibrationObjective(room, trials, 1.0 / RATE_HZ, settings or DescentSettings())


def test_a_trial_counts_its_stretch_and_nothing_else():
    rows = rows_of(space().prior)
    trials = cut(rows, STRETCHES, RATE_HZ, 0.3, torch.zeros(1, dtype=torch.float64))
    assert trials.weight.sum((1, 2)).tolist() == [80.0, 100.0]
    for trial, stretch in enumerate(STRETCHES):
        counted = trials.weight[trial, 0] > 0
        np.testing.assert_array_equal(
            trials.moment[trial, 0, counted].numpy(), rows.moment[stretch, 0]
        )
        assert not counted[:30].any()


def test_a_stretch_at_the_first_row_keeps_its_whole_weight():
    trials = cut(rows_of(space().prior), [slice(0, 50)], RATE_HZ, 0.3, torch.zeros(1))
    assert trials.weight.sum() == 50
    assert trials.weight.dtype == torch.float32


def test_rows_without_reference_or_after_a_jump_in_time_do_not_count():
    rows = rows_of(space().prior)
    moment, t = rows.moment.copy(), rows.t.copy()
    moment[110:115] = np.nan
    t[150:] += 2.0
    trials = cut(rows._replace(moment=moment, t=t), [slice(100, 200)], RATE_HZ, 0.3, torch.zeros(1))
    assert trials.weight.sum() == 100 - 5 - 30
    assert torch.isfinite(trials.moment).all()


def test_the_relative_error_is_that_of_its_definition():
    rows = rows_of(space().prior)
    room = space()
    trials = cut(rows, STRETCHES, RATE_HZ, 0.3, room.zeros())
    output = simulate(room.parameters(room.zeros() + 0.3), *trials[:3], 1.0 / RATE_HZ)
    expected = 0.0
    for predicted, reference, weight in zip(
        output.moment[:, 0], trials.moment[:, 0], trials.weight[:, 0], strict=True
    ):
        error = (predicted - reference)[weight > 0]
        expected += float(error.square().mean() / reference[weight > 0].var(correction=0))
    assert float(relative_error(output, trials)) == pytest.approx(expected, rel=1e-9)


def test_it_finds_the_moments_of_a_person_it_does_not_know(truth):
    objective = objective_on(rows_of(space().subject(truth)))
    found = descend(objective, objective.space.zeros(), DescentSettings())
    assert found.history[0][1] > 20 * found.relative_error
    assert found.relative_error < 0.02
    assert found.iterations == len(found.history) <= DescentSettings().steps


@pytest.mark.parametrize("seed", range(5))
def test_single_precision_descends_in_the_same_direction(seed, truth):
    """Of the loss itself: logarithm, penalties and prior included."""
    start = 0.6 * torch.randn(space().size, generator=torch.Generator().manual_seed(seed))
    gradients = []
    for dtype in (torch.float32, torch.float64):
        room = space(dtype)
        trials = cut(rows_of(space().subject(truth)), STRETCHES, RATE_HZ, 0.3, room.zeros())
        loss = CalibrationObjective(room, trials, 1.0 / RATE_HZ, DescentSettings())
        vector = start.to(dtype).requires_grad_()
        gradients += torch.autograd.grad(loss(vector).value, vector)
    assert gradients[0].dtype == torch.float32
    off = (gradients[0].double() - gradients[1]).abs()
    assert off.max() < 3e-3 * gradients[1].abs().max()


def test_a_muscle_the_data_are_silent_about_stays_at_its_prior(truth):
    objective = objective_on(rows_of(space().subject(truth), silent=True))
    found = descend(objective, objective.space.zeros(), DescentSettings())
    moved = dict(zip(objective.space.labels, found.vector.tolist(), strict=True))
    for name in ("shape_factor", "c1", "c2"):
        assert abs(moved["extensor", name]) < 0.05
    assert abs(moved["flexor", "strength"]) > 0.1


def test_the_best_parameters_are_kept_and_their_value_is_the_objective(truth):
    objective = objective_on(rows_of(space().subject(truth)))
    found = descend(
        objective, objective.space.zeros(), DescentSettings(steps=15, learning_rate=0.5)
    )
    assert float(objective(found.vector).value) == pytest.approx(found.objective, rel=1e-5)


def test_it_stops_early_where_there_is_nothing_to_gain():
    objective = objective_on(rows_of(space().prior))
    found = descend(objective, objective.space.zeros(), DescentSettings(patience=5))
    assert found.iterations == 6
    assert found.vector.abs().max() < 1e-9


def test_it_tells_of_its_progress(truth):
    seen = []
    objective = objective_on(rows_of(space().subject(truth)))
    descend(
        objective,
        objective.space.zeros(),
        DescentSettings(steps=5),
        lambda done, loss: seen.append((done, loss)),
    )
    assert [done for done, _ in seen] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert all(np.isfinite(loss) for _, loss in seen)


def test_numbers_that_are_not_finite_end_it():
    objective = objective_on(rows_of(space().prior))
    spoilt = objective._trials._replace(moment=torch.full_like(objective._trials.moment, np.nan))
    assert isinstance(spoilt, Trials)
    broken = CalibrationObjective(objective.space, spoilt, 1.0 / RATE_HZ, DescentSettings())
    with pytest.raises(FloatingPointError, match="after 0 steps"):
        descend(broken, objective.space.zeros(), DescentSettings())


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=8))
def test_the_prior_is_quadratic_near_and_weak_far_away(values):
    z = torch.tensor(values, dtype=torch.float64, requires_grad=True)
    pull = torch.autograd.grad(distance(z), z)[0]
    quadratic = float(z.detach().square().sum())
    assert 0 <= float(distance(z).detach()) <= quadratic * (1 + 1e-12) + 1e-300  # rounding
    assert (pull * z >= 0).all()
    assert (pull.abs() <= WIDTH + 1e-12).all()


def test_the_prior_pulls_strongest_at_its_width():
    z = torch.linspace(0.1, 10.0, 397, dtype=torch.float64).requires_grad_()
    pull = torch.autograd.grad(distance(z[:, None]).sum(), z)[0]
    assert float(z[pull.argmax()].detach()) == pytest.approx(WIDTH, abs=0.03)
