import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from offline_person import RATE_HZ, rows_of, space

from daemon.offline.annealing import _Search, anneal
from pipeline.calibrate.offline import CalibrationObjective, DescentSettings, cut


@pytest.fixture
def objective() -> CalibrationObjective:
    room = space()
    person = room.subject(torch.full((room.size,), 0.7, dtype=torch.float64))
    trials = cut(rows_of(person), [slice(100, 200)], RATE_HZ, 0.3, room.zeros())
    return CalibrationObjective(room, trials, 1.0 / RATE_HZ, DescentSettings())


def test_annealing_lowers_the_same_objective_within_its_budget(objective, monkeypatch):
    looks = itertools.count()
    clock = SimpleNamespace(perf_counter=lambda: next(looks) / 200)
    monkeypatch.setattr("daemon.offline.annealing.time", clock)
    before = float(objective(objective.space.zeros()).value)
    found = anneal(objective, objective.space.zeros(), budget_seconds=1.0)
    assert found.objective < 0.5 * before
    assert 10 < found.iterations <= 200
    assert float(objective(found.vector).value) == pytest.approx(found.objective, rel=1e-6)
    seconds = [second for second, _ in found.history]
    assert seconds == sorted(seconds)


def test_it_searches_the_places_between_the_bounds(objective):
    search = _Search(objective, objective.space.zeros(), 60.0, None)
    low, high = np.array(search.bounds).T
    np.testing.assert_allclose(low, 1 - high)
    assert (low > 0).all()
    assert (low < 0.01).all()
    room = objective.space
    assert search.vector(search.start).abs().max() < 1e-9
    for places, strength in ((low, 0.5), (high, 2.5), ((low + high) / 2, math.sqrt(0.5 * 2.5))):
        assert room.subject(search.vector(places)).strength == pytest.approx(strength, rel=0.03)
