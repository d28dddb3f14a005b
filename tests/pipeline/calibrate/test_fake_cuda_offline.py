"""Descents on recordings on a GPU that is not there: between two looks the host never waits."""

import pytest
import torch
from fake_gpu import DEVICE, HostWaitError, no_waits
from person import BOUNDS, RATE_HZ, prior, recorded

from pipeline.calibrate import course
from pipeline.calibrate.batch.descent import go_down_together
from pipeline.calibrate.batch.objective import ObjectiveTogether
from pipeline.calibrate.batch.side_by_side import Together
from pipeline.calibrate.course import Courses
from pipeline.calibrate.loss import Trials
from pipeline.calibrate.offline import CalibrationObjective, DescentSettings, cut, go_down
from pipeline.model.parameters import ParameterSpace, Rule, SpacesTogether

RULES = {name: Rule(True, bounds) for name, bounds in BOUNDS.items()}
SPACE = ParameterSpace(prior(), RULES, (), torch.float32, DEVICE)
PARTS = [slice(50, 80), slice(160, 200)]


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Let the host look every second step."""
    monkeypatch.setattr(course, "LOOK_EVERY", 2)


def begun(members, settings):
    """Return a vector for each member, and what is to be told of them."""
    vectors = torch.zeros(members, SPACE.size, device=DEVICE)
    return vectors.requires_grad_(), Courses(vectors, settings.patience, settings.progress)


def one_person(settings):
    trials = cut(recorded(4.0), PARTS, RATE_HZ, 0.3, SPACE.zeros())
    objective = CalibrationObjective(SPACE, trials, 1.0 / RATE_HZ, settings)
    _, courses = begun(1, settings)
    vector = SPACE.zeros().requires_grad_()
    objective(vector)  # the curves' tables move once
    with no_waits():
        go_down(objective, vector, courses, settings)


def three_people(settings):
    trials = cut(recorded(4.0), PARTS, RATE_HZ, 0.3, SPACE.zeros())
    data = Together(Trials(*(torch.stack([part] * 3) for part in trials[:5])), None)
    objective = ObjectiveTogether(SpacesTogether([SPACE] * 3), data, 1.0 / RATE_HZ, settings)
    vectors, courses = begun(3, settings)
    objective(vectors)
    with no_waits():
        go_down_together(objective, vectors, courses, settings)


@pytest.mark.parametrize("people", [one_person, three_people])
def test_between_two_looks_the_host_never_waits(people):
    people(DescentSettings(steps=1))


@pytest.mark.parametrize("people", [one_person, three_people])
def test_a_look_is_a_wait(people):
    with pytest.raises((HostWaitError, RuntimeError)):
        people(DescentSettings(steps=2))
