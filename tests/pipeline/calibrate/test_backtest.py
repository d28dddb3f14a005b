"""The backtest: kept sets are scored as they were, on data from which none has learnt."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from person import RATE_HZ, person, prior, recorded, space

from daemon.assembly.calibrator import calibrator_settings
from daemon.config.learning import CalibratorConfig
from daemon.ipc.messages import UpdateMessage
from pipeline.calibrate.backtest import FROZEN_AFTER_S, Backtest, Frozen
from pipeline.calibrate.calibrator import Calibrator
from pipeline.calibrate.delay import with_delay
from pipeline.calibrate.window import Window
from pipeline.model.nms import parameters_of, simulate

SETTINGS = replace(
    calibrator_settings(CalibratorConfig()), window_s=4.0, segment_s=1.5, min_data_s=2.0, steps=2
)


def fresh(start_s=30.0):
    window = Window(400, RATE_HZ, 20)
    window.add(recorded(2.0, start_s))
    return window.trials(100, 200, 100, torch.zeros((), dtype=torch.float64))


def frozen(who, version, since_t, delay_steps=0.0):
    return Frozen(version, since_t, parameters_of(who), delay_steps, None)


def test_sets_are_scored_side_by_side_as_each_by_itself():
    data = fresh()
    test = Backtest(1.0 / RATE_HZ)
    sets = (
        frozen(person(), 1, 10.0),
        frozen(prior(), 2, 20.0, delay_steps=2.5),
        frozen(prior(), 3, 40.0),
    )
    for one in sets:
        found = test.take(0.0, one, data)
    assert [one.version for one in found] == [3, 1, 2, 3]
    assert [one.since_t for one in found] == [None, 10.0, 20.0, 40.0]
    for one, told in zip(sets, found[1:], strict=True):
        alone = with_delay(data, one.delay_steps)
        moment = simulate(one.parameters, *alone[:3], 1.0 / RATE_HZ).moment
        weight = alone.weight
        squared = ((moment - alone.moment).square() * weight).sum((0, -1)) / weight.sum((0, -1))
        np.testing.assert_allclose(told.rmse, squared.sqrt().numpy(), rtol=1e-6)
        assert told.samples == (100, 100)
    assert found[1].rmse[0] < 0.05 * found[3].rmse[0]  # the person themselves


def test_a_set_is_kept_once_it_has_seen_enough_and_once_only():
    data, test = fresh(), Backtest(1.0 / RATE_HZ)

    def kept(version, since_t):
        found = test.take(0.0, frozen(prior(), version, since_t), data)
        return [one.since_t for one in found if one.since_t is not None]

    assert kept(0, 15.0) == []  # a set that was not adopted
    assert kept(1, 16.0) == [16.0]
    assert kept(1, 25.0) == [16.0]  # it is there already
    assert kept(2, 39.0) == [16.0]
    assert kept(3, 41.0) == [16.0, 41.0]
    assert kept(9, 1e4) == [16.0, 41.0, 1e4]
    assert len(FROZEN_AFTER_S) <= 6


def test_nothing_is_told_without_a_reference():
    data = fresh()
    blind = data._replace(weight=torch.zeros_like(data.weight))
    assert Backtest(1.0 / RATE_HZ).take(0.0, frozen(prior(), 1, 11.0), blind) == ()


@pytest.fixture
def learnt():
    learner = Calibrator(space(), RATE_HZ, SETTINGS)
    updates = []
    for second in range(14):
        learner.add(recorded(1.0, second))
        updates.append(learner.update())
    return learner, updates


def test_the_calibrator_scores_the_set_in_force_as_its_judge_does_and_keeps_one(learnt):
    _, updates = learnt
    judged = [update for update in updates if update.rmse_before is not None]
    for update in judged:
        np.testing.assert_allclose(update.backtest[0].rmse, update.rmse_before, rtol=1e-4)
    last = updates[-1].backtest
    assert len(last) == 2
    assert last[1].since_t == pytest.approx(10.0, abs=1.0)
    assert last[1].version < last[0].version
    assert last[1].rmse != last[0].rmse


def test_what_was_kept_goes_where_emg_means_something_else(learnt):
    learner, _ = learnt
    learner.forget()
    learner.add(recorded(3.0, 20.0))
    assert [one.since_t for one in learner.update().backtest] == [None]


def test_the_message_carries_it(learnt):
    _, updates = learnt
    message = UpdateMessage.of(updates[-1])
    read = UpdateMessage.model_validate(message.model_dump())
    assert [(one.version, one.since_t, tuple(one.rmse)) for one in read.backtest] == [
        (one.version, one.since_t, one.rmse) for one in updates[-1].backtest
    ]
    overflowed = updates[-1].backtest[0]._replace(rmse=(np.inf, 1.0))
    assert UpdateMessage.of(replace(updates[-1], backtest=(overflowed,))).backtest == []
