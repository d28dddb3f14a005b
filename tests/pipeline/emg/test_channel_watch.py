"""Electrodes that come off and come back: every way of failing, found in time, whatever chunks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.emg.channel_faults import FaultFinder, FaultLimits
from pipeline.emg.channel_watch import ChannelWatch
from pipeline.streams.base import Chunk

RATE_HZ = 1000.0
MVC = 4e-4
MVCS = np.full(3, MVC)
FAILS_AT = 2.0
IN_TIME_S = 0.1


def emg(seconds: float = 3.0, channels: int = 3, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return times and raw EMG that rests, bursts, and hums a little on an offset, V."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    effort = 0.02 + 0.6 * np.maximum(0.0, np.sin(2.0 * np.pi * 0.7 * t)) ** 2
    x = 1.25 * MVC * effort[:, None] * rng.standard_normal((len(t), channels))
    return t, x + 5e-6 * np.sin(2.0 * np.pi * 50.0 * t)[:, None] + 1e-4


def watch(channels: int = 3, return_s: float = 0.5, **limits) -> ChannelWatch:
    names = [f"c{i}" for i in range(channels)]
    return ChannelWatch(names, RATE_HZ, FaultLimits(**limits), return_s)


def square(t):
    return np.where(np.sin(2.0 * np.pi * 13.0 * t) > 0, 5e-3, -5e-3)


FAULTS = {
    "flat": lambda t: np.full(len(t), 1e-4),
    "not a number": lambda t: np.full(len(t), np.nan),
    "saturated": square,
    "too loud": lambda t: 4e-3 * np.random.default_rng(3).standard_normal(len(t)),
    "line noise only": lambda t: 2e-4 * np.sin(2.0 * np.pi * 50.0 * t + 0.3),
}
OTHERS = {
    "a rail": ("saturated", lambda t: np.full(len(t), 5e-3)),
    "infinity": ("not a number", lambda t: np.full(len(t), np.inf)),
    "60 Hz and harmonics": (
        "line noise only",
        lambda t: 1e-4 * (np.sin(377.0 * t) + 0.5 * np.sin(3 * 377.0 * t)),
    ),
}
CASES = {**{name: (name, signal) for name, signal in FAULTS.items()}, **OTHERS}


@pytest.mark.parametrize(("reason", "signal"), CASES.values(), ids=CASES.keys())
def test_a_fault_is_named_within_a_tenth_of_a_second(reason, signal):
    t, x = emg()
    bad = t >= FAILS_AT
    x[bad, 1] = signal(t[bad])
    one = watch()
    watched = one.process(Chunk("emg", t, x), MVCS)
    (change,) = watched.changes
    assert change.channel == "c1"
    assert FAILS_AT < change.t <= FAILS_AT + IN_TIME_S
    assert not watched.valid[t >= FAILS_AT + IN_TIME_S, 1].any()
    assert watched.valid[t < FAILS_AT].all()
    assert watched.valid[:, [0, 2]].all()
    assert one.faulty == {"c1": reason}
    assert np.isfinite(watched.chunk.x).all()


@pytest.mark.parametrize(("reason", "signal"), CASES.values(), ids=CASES.keys())
def test_a_lasting_fault_is_called_what_it_is(reason, signal):
    t, x = emg(0.3)
    x[:, 1] = signal(t)
    one = watch()
    one.process(Chunk("emg", t, x), MVCS)
    assert one.faulty == {"c1": reason}


@pytest.mark.parametrize("seed", range(5))
def test_sound_channels_are_left_alone(seed):
    t, x = emg(20.0, seed=seed)
    watched = watch().process(Chunk("emg", t, x), MVCS)
    assert watched.valid.all()
    np.testing.assert_array_equal(watched.chunk.x, x)


def test_real_raw_emg_is_left_alone(shared_data):
    with np.load(shared_data / "raw_emg" / "walk_2000hz.npz") as archive:
        t, x, names = archive["time"], 1e-3 * archive["emg"], archive["names"]
    mvc = np.abs(x - x.mean(0)).reshape(-1, 20, x.shape[1]).mean(1).max(0)
    one = ChannelWatch(names.tolist(), 2000.0, FaultLimits())
    assert one.process(Chunk("emg", t, x), mvc).changes == ()


def test_real_envelopes_are_left_alone_and_a_flat_one_is_found(shared_data):
    with np.load(shared_data / "walking" / "walk36.npz") as archive:
        t, x, names = archive["time"], archive["emg"].copy(), archive["emg_names"].tolist()
    gone = t >= 30.0
    x[gone, 2] = x[gone, 2][0]
    one = ChannelWatch(names, 100.0, FaultLimits(), raw=False)
    (change,) = one.process(Chunk("emg", t, x), np.ones(9)).changes
    assert change.channel == names[2]
    assert change.reason == "flat"
    assert t[gone][0] < change.t <= t[gone][0] + IN_TIME_S


def test_it_is_believed_again_after_the_configured_time_and_not_before():
    t, x = emg(4.0)
    x[(t >= 1.0) & (t < 2.0), 0] = 0.0
    watched = watch(return_s=0.5).process(Chunk("emg", t, x), MVCS)
    fell, rose = watched.changes
    assert (fell.channel, rose.channel, rose.reason) == ("c0", "c0", None)
    assert 2.5 - 0.02 <= rose.t <= 2.5 + IN_TIME_S
    assert watched.valid[t >= rose.t].all()


def test_a_fault_in_between_begins_the_wait_anew():
    t, x = emg(4.0)
    for start in (1.0, 1.6):
        x[(t >= start) & (t < start + 0.2), 0] = 0.0
    changes = watch(return_s=0.5).process(Chunk("emg", t, x), MVCS).changes
    assert len(changes) == 2
    assert changes[1].t >= 2.3 - 0.02


def test_a_few_lost_values_are_bridged_and_forgiven():
    t, x = emg(1.0)
    x[500:510, 1] = np.nan
    watched = watch().process(Chunk("emg", t, x), MVCS)
    assert watched.valid.all()
    np.testing.assert_array_equal(watched.chunk.x[500:510, 1], x[499, 1])


def test_after_a_pause_nothing_is_judged_on_what_was_before():
    t, x = emg(1.0)
    x[450:500, 0] = 0.0
    x[500:550, 0] = 0.0
    t[500:] += 5.0
    one = watch(return_s=0.5)
    one.process(Chunk("emg", t[:540], x[:540]), MVCS)
    assert one.faulty == {}
    one.process(Chunk("emg", t[540:], x[540:]), MVCS)
    assert one.faulty == {}


def test_a_quiet_muscle_on_a_coarse_converter_is_no_fault():
    t, x = emg(2.0)
    step = 2e-6
    quiet = step * np.round(np.random.default_rng(1).normal(0.0, step, len(t)) / step)
    x[:, 2] = quiet
    assert watch().process(Chunk("emg", t, x), MVCS).valid.all()


def test_drift_is_no_loud_channel():
    t, x = emg(1.0)
    x += 0.02 * t[:, None]
    assert watch().process(Chunk("emg", t, x), MVCS).valid.all()


def test_checks_can_be_switched_off():
    t, x = emg()
    x[:, 1] = FAULTS["line noise only"](t)
    assert watch(line_hz=()).process(Chunk("emg", t, x), MVCS).valid.all()


def spoilt(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a second of EMG with random faults and a pause in it."""
    rng = np.random.default_rng(seed)
    t, x = emg(1.0, seed=seed)
    for signal in FAULTS.values():
        start, channel = rng.integers(0, 900), rng.integers(0, 3)
        part = slice(start, start + rng.integers(1, 400))
        x[part, channel] = signal(t[part])
    t[rng.integers(1, 1000) :] += rng.uniform(0.0, 0.3)
    return t, x


@settings(max_examples=30)
@given(st.integers(0, 2**31), st.lists(st.integers(1, 200), max_size=20))
def test_what_comes_out_does_not_depend_on_the_chunks(seed, sizes):
    t, x = spoilt(seed)
    whole_watch, cut_watch = watch(return_s=0.1), watch(return_s=0.1)
    whole = whole_watch.process(Chunk("emg", t, x), MVCS)
    edges = [edge for edge in np.cumsum(sizes) if edge < len(t)]
    pieces = zip(np.split(t, edges), np.split(x, edges), strict=True)
    parts = [cut_watch.process(Chunk("emg", *piece), MVCS) for piece in pieces]
    np.testing.assert_array_equal(np.concatenate([p.chunk.x for p in parts]), whole.chunk.x)
    np.testing.assert_array_equal(np.concatenate([p.valid for p in parts]), whole.valid)
    assert [change for p in parts for change in p.changes] == list(whole.changes)
    assert cut_watch.faulty == whole_watch.faulty


@settings(max_examples=30)
@given(st.integers(0, 2**31))
def test_changes_tell_what_the_flags_tell_and_nothing_leaves_that_is_not_finite(seed):
    t, x = spoilt(seed)
    one = watch(return_s=0.1)
    watched = one.process(Chunk("emg", t, x), MVCS)
    assert np.isfinite(watched.chunk.x).all()
    told = np.ones((len(t), 3), dtype=bool)
    for change in watched.changes:
        told[t >= change.t, one.channels.index(change.channel)] = change.reason is None
    np.testing.assert_array_equal(watched.valid, told)


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("rate_hz", [100.0, 1000.0])
def test_a_long_sound_chunk_leaves_the_state_that_its_samples_leave_one_by_one(raw, rate_hz):
    x = emg(2.0)[1]
    t = np.arange(len(x)) / rate_hz
    names = ["a", "b", "c"]
    long, short = (ChannelWatch(names, rate_hz, FaultLimits(), raw=raw) for _ in range(2))
    for start, stop in ((0, 400), (400, 1403), (1403, 2000)):
        long.process(Chunk("emg", t[start:stop], x[start:stop]), MVCS)
    for i in range(len(t)):
        short.process(Chunk("emg", t[i : i + 1], x[i : i + 1]), MVCS)
    for field, value in vars(long.state).items():
        np.testing.assert_array_equal(value, getattr(short.state, field), err_msg=field)


@pytest.mark.parametrize("raw", [True, False])
def test_windows_together_are_judged_as_each_alone(raw):
    t, x = emg(0.5)
    signals = [FAULTS[name](t) for name in ("flat", "saturated", "too loud", "line noise only")]
    x = np.column_stack((x, *signals, np.zeros(len(t))))
    windows = np.stack([x[start : start + 60] for start in range(0, 400, 7)])
    finder, mvc = FaultFinder(RATE_HZ, 60, FaultLimits(), raw=raw), np.full(x.shape[1], MVC)
    alone = np.stack([finder.find(window, mvc) for window in windows])
    np.testing.assert_array_equal(finder.find(windows, mvc), alone)
    assert {0, 2, 4} <= set(alone.ravel())


def test_no_samples_change_nothing():
    one = watch()
    before = one.state
    watched = one.process(Chunk("emg", np.empty(0), np.empty((0, 3))), MVCS)
    assert watched.changes == ()
    assert one.state is before
