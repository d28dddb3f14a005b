"""What a status tells of the time since the last one, and what is kept of the whole run."""

import numpy as np
import pytest

from daemon.config import load_config
from daemon.live.outbox import Outbox
from daemon.live.status import StatusReporter
from pipeline.model.subject import Subject
from pipeline.output.guard import MomentGuard
from pipeline.output.message import MetaMessage, Status
from pipeline.output.publisher import Publisher
from pipeline.streams import clock

PERSON = Subject.generic(("m",), *np.ones((5, 1)))


@pytest.fixture
def reporter():
    return StatusReporter(load_config("arm"), "s")


@pytest.fixture
def outbox():
    meta = MetaMessage(session="s", dofs=("a",), rate_hz=1.0, muscles=("m",), valid_for_s=0.1)
    guard = MomentGuard(n_dofs=1, max_moment_nm=1.0, fade_s=0.1, stale_after_s=0.1)
    return Outbox(Publisher(meta, []), guard, version=0)


@pytest.fixture
def told(reporter, outbox):
    return lambda failed=None: reporter.message(outbox, [], 0, {}, PERSON, failed or {})


def test_a_status_tells_of_the_latency_since_the_last_one_and_the_run_of_all(reporter, told):
    assert reporter.latency_ms() == {"p50": None, "p99": None, "max": None}
    for seconds in (0.001, 0.001, 0.050):
        reporter.latency(seconds)
    assert told().latency_ms.max == 50.0
    reporter.latency(0.004)
    assert told().latency_ms.max == 4.0
    assert reporter.last_latency.bins() == [(pytest.approx(4.05), 1)]
    assert told().latency_ms.max is None
    reporter.latency(0.001)  # no status has told of this one yet
    whole = reporter.latency_ms()
    assert whole["p50"] == pytest.approx(1.025)
    assert whole["max"] == 50.0


def test_channels_that_are_not_believed_are_told_while_they_are_not(told):
    assert told({"c1": "flat"}).channels == {"c1": "flat"}
    assert told().channels == {}


def test_a_doubt_is_told_beside_what_is_under_way_and_not_while_nothing_comes(
    reporter, told, outbox
):
    outbox.doubt = "Why not."
    assert told().note == Status.STARTING.sentence
    assert told().doubt == "Why not."
    outbox.row(np.zeros(1), clock.now(), np.ones(1), 0, "Why not.")
    assert (told().status, told().note) == (Status.CALIBRATING, "Why not.")
    reporter.recording = "mvc"
    assert told().note.startswith("The MVC is being recorded")
    assert told().note.endswith("Why not.")
    outbox.troubles["calibrator"] = "No calibrator."
    outbox.row(np.zeros(1), clock.now(), np.ones(1), 0, "Why not.")
    assert (told().status, told().note) == (Status.DEGRADED, "No calibrator. Why not.")
    outbox.troubles.clear()
    reporter.recording = None
    outbox.row(np.zeros(1), clock.now(), np.ones(1), 0)
    assert (told().note, told().doubt) == (Status.NOMINAL.sentence, "")
