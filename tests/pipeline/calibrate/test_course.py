"""Courses of descents: what they keep, and that it is the same however seldom the host looks."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from offline_person import RATE_HZ, space
from people import One, trials_of

from pipeline.calibrate import course, offline
from pipeline.calibrate.batch import descent as batch_descent
from pipeline.calibrate.batch.descent import descend_together
from pipeline.calibrate.batch.objective import ObjectiveTogether
from pipeline.calibrate.batch.side_by_side import side_by_side
from pipeline.calibrate.course import LOOK_EVERY, Courses, looks
from pipeline.calibrate.offline import Calibration, CalibrationObjective, DescentSettings, descend
from pipeline.model.parameters import SpacesTogether

PATIENCE, PROGRESS = 3, 1e-3
VALUES = st.one_of(st.floats(-5, 5), st.sampled_from([math.nan, math.inf]))


def one_by_one(values: list[float]) -> tuple[float, int, bool]:
    """Return lowest value, steps that count and whether it is lost, as one would count by hand."""
    lowest, since, steps = math.inf, 0, 0
    for value in values:
        if not math.isfinite(value):
            return lowest, steps, True
        steps += 1
        since = 0 if value < lowest - PROGRESS else since + 1
        lowest = min(lowest, value)
        if since >= PATIENCE:
            break
    return lowest, steps, False


STEPS = st.lists(VALUES, min_size=12, max_size=12)


@given(st.lists(STEPS, min_size=1, max_size=4))
def test_each_is_what_one_would_count_by_hand(members):
    courses = Courses(torch.zeros(len(members), 1, dtype=torch.float64), PATIENCE, PROGRESS)
    values = torch.tensor(members, dtype=torch.float64)
    for step in range(values.shape[1]):
        courses.take(
            torch.full((len(members), 1), step + 1.0), values[:, step], values[:, step], 0.0
        )
    for end, own in zip(courses.ends(), members, strict=True):
        lowest, steps, lost = one_by_one(own)
        assert (end.lowest, len(end.history), end.failure is not None) == (lowest, steps, lost)
        assert float(end.best) == (own.index(lowest) + 1 if math.isfinite(lowest) else 0)


def test_those_that_are_out_keep_what_they_had():
    courses = Courses(torch.zeros(2, 1), 1, 0.0)
    courses.take(torch.ones(2, 1), torch.tensor([1.0, 2.0]), torch.tensor([0.1, 0.2]), 0.0)
    courses.take(torch.ones(2, 1), torch.tensor([1.0, 1.5]), torch.tensor([0.1, 0.3]), 1.0)
    assert courses.over.tolist() == [True, False]
    courses.take(torch.ones(2, 1), torch.tensor([1.0]), torch.tensor([0.4]), 2.0, torch.tensor([1]))
    first, second = courses.ends()
    assert (first.lowest, first.seconds, len(first.history)) == (1.0, 1.0, 2)
    assert [error for _, error in second.history] == pytest.approx([0.2, 0.3, 0.4])


def test_the_host_looks_always_at_itself_and_seldom_at_a_gpu():
    assert all(looks(step, torch.device("cpu")) for step in range(LOOK_EVERY))
    seen = [looks(step, torch.device("cuda")) for step in range(3 * LOOK_EVERY)]
    assert sum(seen) == 3
    assert seen[LOOK_EVERY - 1]


@pytest.fixture
def seldom(monkeypatch):
    """Let the host look as seldom as if it had to wait."""

    def to_look(step: int, device: torch.device) -> bool:
        return (step + 1) % LOOK_EVERY == 0

    for module in (course, offline, batch_descent):
        monkeypatch.setattr(module, "looks", to_look)


RULE = DescentSettings(steps=60, patience=7, progress=1e-3)
PEOPLE = (One(1, (80,)), One(2, (40, 70)), One(3, (55, 30, 60)))


def alone(one: One) -> Calibration:
    room = space()
    return descend(
        CalibrationObjective(room, trials_of(one), 1.0 / RATE_HZ, RULE), room.zeros(), RULE
    )


def all_together() -> list[Calibration]:
    data = side_by_side([trials_of(one) for one in PEOPLE])
    rooms = [space()] * len(PEOPLE)
    objective = ObjectiveTogether(SpacesTogether(rooms), data, 1.0 / RATE_HZ, RULE)
    found = descend_together(objective, torch.stack([room.zeros() for room in rooms]), RULE)
    return [one for one in found if isinstance(one, Calibration)]


def same_to_the_last_digit(one: Calibration, other: Calibration) -> None:
    assert one.iterations == other.iterations
    assert torch.equal(one.vector, other.vector)
    assert one.objective == other.objective
    assert [e for _, e in one.history] == [e for _, e in other.history]


def test_to_look_seldom_changes_no_digit(request):
    expected, together = [alone(one) for one in PEOPLE], all_together()
    assert any(one.iterations % LOOK_EVERY for one in expected)
    request.getfixturevalue("seldom")
    for one, found in zip(PEOPLE, expected, strict=True):
        same_to_the_last_digit(alone(one), found)
    for one, found in zip(all_together(), together, strict=True):
        same_to_the_last_digit(one, found)
