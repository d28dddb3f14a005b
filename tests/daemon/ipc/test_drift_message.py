"""What has drifted goes through a message and comes out the same."""

import numpy as np
import pytest
from drifting import session, steady

from daemon.ipc.messages import UpdateMessage
from daemon.ipc.sockets import read
from pipeline.drift.following import Followed, Loss
from pipeline.drift.judged import Judged, Standing
from pipeline.drift.statistics import Drift
from pipeline.model.subject import Subject
from pipeline.output.message import MuscleChange
from pipeline.update import Backtested, Result, Update

UNITS = ("flexor", "extensor+helper")
PERSON = Subject.generic(("flexor", "extensor", "helper"), *np.ones((5, 3)))
LOSS = Loss("flexor", -0.2, -0.25, -0.15, 90.0)
JUDGED = (
    Judged("flexor", (), Standing.LESS, -0.2, 0.02, 90.0),
    Judged("extensor+helper", (), Standing.NOT_IDENTIFIABLE, None, None, None),
)
PUBLISHED = [
    MuscleChange(muscle="flexor", verdict="gives less", change=-0.2, deviation=0.02, since=90.0),
    MuscleChange(muscle="extensor+helper", verdict="not identifiable"),
]
BACKTEST = (Backtested(2, None, (1.0, 2.0), (100, 100)), Backtested(1, 10.0, (3.0, 4.0), (100, 90)))


@pytest.fixture
def told():
    (statistics,) = session([steady, steady], seconds=1)
    drift = Drift(UNITS, np.array([0.8, 1.0]), np.array([0.02, 0.1]), np.ones(2), statistics)
    return Update(Result.OK, "Said.", 2, 1.0, PERSON, drift=drift, backtest=BACKTEST)


def sent(message):
    return read(message.pack(), {b"update": UpdateMessage})


def test_an_update_comes_out_with_its_drift_its_losses_and_its_backtest(told):
    message = sent(UpdateMessage.of(told, followed=Followed((LOSS,), JUDGED)))
    assert [one.loss() for one in message.drift.losses] == [LOSS]
    assert [MuscleChange(**one) for one in message.drift.published()] == PUBLISHED
    update = message.update(PERSON)
    assert update.backtest == BACKTEST
    assert update.drift.units == UNITS
    np.testing.assert_array_equal(update.drift.factor, told.drift.factor)
    np.testing.assert_array_equal(update.drift.deviation, told.drift.deviation)
    packed = told.drift.statistics.packed()
    assert update.drift.statistics.packed() == packed
    assert sent(UpdateMessage.of(update)).drift.statistics == packed  # as a session keeps it


def test_statistics_that_are_none_are_refused(told):
    message = UpdateMessage.of(told)
    drift = message.drift.model_copy(update={"statistics": b"\0" * 8})
    with pytest.raises(ValueError, match="no statistics of a drift"):
        message.model_copy(update={"drift": drift}).update(PERSON)
