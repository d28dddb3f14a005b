"""What a published moment says of the parameters behind it."""

import numpy as np
import pytest

from daemon.live.outbox import Outbox
from pipeline.output.guard import MomentGuard
from pipeline.output.message import MetaMessage
from pipeline.output.publisher import Publisher
from pipeline.streams import clock


class Kept(Publisher):
    """Publishes to nobody and keeps the messages."""

    def __init__(self):
        meta = MetaMessage(session="s", dofs=("a",), rate_hz=1.0, muscles=("m",), valid_for_s=0.1)
        super().__init__(meta, [])
        self.said = []

    def publish_moment(self, *args, **kwargs):
        self.said.append(super().publish_moment(*args, **kwargs))
        return self.said[-1]


@pytest.fixture
def now(monkeypatch):
    """The time, which passes only where a test says so, s."""
    time = [100.0]
    monkeypatch.setattr(clock, "now", lambda: time[0])
    return time


def test_version_and_age_are_those_of_the_set_behind_the_row(now):
    guard = MomentGuard(n_dofs=1, max_moment_nm=100.0, fade_s=0.2, stale_after_s=0.1)
    publisher = Kept()
    outbox = Outbox(publisher, guard, version=3)
    for version in (3, 3, 5, 5):
        now[0] += 0.25
        outbox.row(np.ones(1), now[0] - 0.01, np.ones(1), version)
    now[0] += 0.25
    outbox.nothing_new()
    said = [(one.parameter_version, one.parameter_age_s) for one in publisher.said]
    assert said == [(3, 0.25), (3, 0.5), (5, 0.0), (5, 0.25), (5, 0.5)]
    assert outbox.version == 5
