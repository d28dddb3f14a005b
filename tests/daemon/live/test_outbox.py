"""What a published moment says of the parameters behind it."""

import numpy as np
import pytest

from daemon.live.outbox import MOST_REFERENCES, Outbox
from daemon.live.signals import Levels
from daemon.live.stream_alerts import StreamAlerts
from pipeline.live import Paired
from pipeline.output.guard import MomentGuard
from pipeline.output.message import MetaMessage, MusclesMessage, SignalsMessage, Status
from pipeline.output.publisher import Publisher
from pipeline.streams import clock
from pipeline.streams.base import SourceState, StreamHealth
from pipeline.timebase.rows import PairedRows


class Kept(Publisher):
    """Publishes to nobody and keeps the messages."""

    def __init__(self):
        meta = MetaMessage(session="s", dofs=("a",), rate_hz=1.0, muscles=("m",), valid_for_s=0.1)
        super().__init__(meta, [self])
        self.said = []
        self.sent = []

    def send(self, message):
        self.sent.append(message)

    def publish_moment(self, *args, **kwargs):
        self.said.append(super().publish_moment(*args, **kwargs))
        return self.said[-1]


@pytest.fixture
def now(monkeypatch):
    """The time, which passes only where a test says so, s."""
    time = [100.0]
    monkeypatch.setattr(clock, "now", lambda: time[0])
    return time


GUARD = MomentGuard(n_dofs=1, max_moment_nm=100.0, fade_s=0.2, stale_after_s=0.1)


def test_version_and_age_are_those_of_the_set_behind_the_row(now):
    publisher = Kept()
    outbox = Outbox(publisher, GUARD, version=3)
    for version in (3, 3, 5, 5):
        now[0] += 0.25
        outbox.row(np.ones(1), now[0] - 0.01, np.ones(1), version)
    now[0] += 0.25
    outbox.nothing_new()
    said = [(one.parameter_version, one.parameter_age_s) for one in publisher.said]
    assert said == [(3, 0.25), (3, 0.5), (5, 0.0), (5, 0.25), (5, 0.5)]
    assert outbox.version == 5


def test_moments_of_parameters_that_are_not_trusted_go_out_whole_and_not_ok(now):
    publisher = Kept()
    outbox = Outbox(publisher, GUARD, version=0, doubt="Why not.")
    outbox.nothing_new()
    for doubt in ("Why not.", "Why not.", ""):
        now[0] += 0.25
        outbox.row(np.full(1, 7.0), now[0] - 0.01, np.ones(1), 0, doubt)
    starting, _, doubted, trusted = publisher.said
    assert starting.status is Status.STARTING
    assert (doubted.status, doubted.ok, doubted.moment) == (Status.CALIBRATING, (False,), (7.0,))
    assert (trusted.status, trusted.ok, trusted.moment) == (Status.NOMINAL, (True,), (7.0,))


def test_stiffness_goes_out_with_its_moment_and_nil_where_a_joint_has_none(now):
    publisher = Kept()
    outbox = Outbox(publisher, GUARD, version=0)
    for stiffness in (np.full(1, 20.0), np.full(1, np.nan), np.full(1, np.inf), None):
        now[0] += 0.25
        outbox.row(np.full(1, 7.0), now[0] - 0.01, np.ones(1), 0, "", stiffness)
    first, *others = publisher.said
    assert first.stiffness == (0.0,)  # the fade in begins
    assert [one.stiffness for one in others] == [None] * 3
    now[0] += 0.25
    outbox.nothing_new()
    publisher.close()
    assert publisher.said[-1].stiffness == (0.0,)


def test_what_muscles_do_goes_out_with_the_validity_of_its_moment_or_not_at_all(now):
    publisher = Kept()
    outbox = Outbox(publisher, GUARD, version=0)
    states = np.arange(9.0)[:, None]
    outbox.muscles(states)  # no moment has gone out yet
    outbox.nothing_new()
    outbox.muscles(states)  # nor one with EMG behind it
    for doubt in ("Why not.", ""):
        now[0] += 0.25
        outbox.row(np.ones(1), now[0] - 0.01, np.ones(1), 4, doubt)
        outbox.muscles(states)
        outbox.muscles(np.where(states == 3.0, np.nan, states))
    told = [one for one in publisher.sent if isinstance(one, MusclesMessage)]
    shared = ("session", "seq", "t", "t_published", "valid_until", "status", "ok")
    for one, moment in zip(told, publisher.said[1:], strict=True):
        assert all(getattr(one, name) == getattr(moment, name) for name in shared)
        assert one.parameter_version == 4
        assert (one.excitation, one.tendon_strain, one.moment) == ((0.0,), (7.0,), ((8.0,),))
    assert [one.ok for one in told] == [(False,), (True,)]


@pytest.mark.parametrize(
    ("moment", "trouble", "status"),
    [
        (7.0, "", Status.CALIBRATING),
        (7.0, "No calibrator.", Status.DEGRADED),
        (700.0, "", Status.DEGRADED),
        (np.nan, "", Status.FAULT),
    ],
)
def test_a_worse_word_goes_before_calibrating_and_no_joint_is_ok_all_the_same(
    moment, trouble, status, now
):
    publisher = Kept()
    outbox = Outbox(publisher, GUARD, version=0)
    if trouble:
        outbox.troubles["calibrator"] = trouble
    outbox.row(np.full(1, moment), now[0] - 0.01, np.ones(1), 0, "Why not.")
    assert publisher.said[-1].status is status
    assert publisher.said[-1].ok == (False,)
    now[0] += 1.0
    outbox.nothing_new()
    assert publisher.said[-1].status is Status.STALE
    assert publisher.said[-1].ok == (False,)


def dropping(key, share):
    """The health of a stream of which a share is dropped."""
    counts = (0.01, 9, 100.0, 0, 0, 0, 0, 0, 0.0, None, "")
    why = "their stamps go back in time"
    return StreamHealth(key, SourceState.LIVE, *counts, dropped_share=share, dropped_why=why)


@pytest.mark.parametrize(
    ("key", "share", "status", "ok"),
    [
        ("emg", 0.01, Status.NOMINAL, True),
        ("emg", 0.05, Status.DEGRADED, True),
        ("angles", 0.2, Status.DEGRADED, False),
        ("moments", 0.2, Status.DEGRADED, True),
    ],
)
def test_a_stream_of_which_much_is_dropped_is_told_of(now, key, share, status, ok):
    publisher = Kept()
    outbox = Outbox(publisher, GUARD, version=1)
    alerts = StreamAlerts(outbox)
    alerts.note([dropping(key, share)])
    for _ in range(3):
        now[0] += 0.25
        outbox.row(np.ones(1), now[0] - 0.01, np.ones(1), 1)
    assert (publisher.said[-1].status, publisher.said[-1].ok) == (status, (ok,))
    said = " ".join(outbox.troubles.values())
    assert (f"{100 * share:.0f} % of the {key} stream" in said) == (status is not Status.NOMINAL)
    alerts.note([dropping(key, 0.0)])
    outbox.row(np.ones(1), now[0], np.ones(1), 1)
    assert (publisher.said[-1].status, publisher.said[-1].ok) == (Status.NOMINAL, (True,))


def test_levels_go_out_with_an_excitation_only_where_a_row_has_gone_out(now):
    publisher = Kept()
    outbox = Outbox(publisher, GUARD, version=0)
    levels = Levels(99.9, np.zeros(2), np.ones(2), np.full(2, 0.5))
    outbox.signals(levels, np.array([0.3]))
    outbox.row(np.ones(1), now[0] - 0.01, np.ones(1), 0)
    outbox.signals(levels, np.array([0.3]))
    outbox.signals(levels, np.array([0.3]))
    outbox.signals(levels._replace(high=np.array([1.0, np.nan])), np.array([0.3]))
    told = [one for one in publisher.sent if isinstance(one, SignalsMessage)]
    assert [one.excitation for one in told] == [(), (0.3,), ()]
    assert (told[0].low, told[0].high, told[0].level) == ((0.0, 0.0), (1.0, 1.0), (0.5, 0.5))
    assert (told[0].t, told[0].t_published) == (99.9, now[0])


def paired(reference, predicted, valid):
    """Return rows of one joint and one muscle at 10 Hz from 1 s on."""
    n = len(reference)
    muscle = np.zeros((n, 1))
    rows = PairedRows(
        t=1.0 + 0.1 * np.arange(n),
        excitation=muscle,
        length=muscle,
        moment_arm=np.zeros((n, 1, 1)),
        moment=np.array(reference)[:, None],
        valid=np.array(valid, dtype=bool),
        measured=np.ones((n, 1), dtype=bool),
    )
    return Paired(rows, np.array(predicted)[:, None], np.ones((n, 1)), np.ones((n, 1)))


def test_references_are_told_where_they_are_and_where_the_row_was_valid(now):
    publisher = Kept()
    outbox = Outbox(publisher, GUARD, version=0)
    outbox.reference(paired([4.0, np.nan, 6.0, 7.0], [1.0, 2.0, 3.0, 4.0], [1, 1, 0, 1]))
    (message,) = publisher.sent
    assert message.t == pytest.approx((1.0, 1.3))
    assert message.reference == ((4.0,), (7.0,))
    assert message.predicted == ((1.0,), (4.0,))
    outbox.reference(paired([np.nan], [1.0], [1]))
    assert len(publisher.sent) == 1


def test_of_very_many_references_the_newest_are_told(now):
    publisher = Kept()
    n = MOST_REFERENCES + 5
    Outbox(publisher, GUARD, version=0).reference(paired(np.arange(n), np.arange(n), [1] * n))
    (message,) = publisher.sent
    assert len(message.t) == MOST_REFERENCES
    assert message.reference[-1] == (n - 1.0,)
