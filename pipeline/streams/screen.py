"""The one cleaning step every sample passes, whatever carried it.

`screen` is a pure step from state to state. What passes does not depend on how the samples were
cut into chunks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipeline.streams.base import Array, StreamSpec

GAP_INTERVALS = 1.5
"""A step of the time stamp of more than this many sampling intervals is a gap."""
RATE_PERIOD_S = 2.0
"""The rate is measured over consecutive periods of this length, s."""
PAUSE_S = 1.0
"""A silence of this length says nothing of the rate: the measurement starts anew after it, s."""


@dataclass(frozen=True)
class ScreenState:
    """What the screen knows of one stream; counts run since the stream was opened."""

    newest: float = -np.inf
    """Newest stamp seen in order, s: the next one must be larger."""
    newest_usable: float = -np.inf
    """Stamp of the newest sample that was passed on, s."""
    received: int = 0
    gaps: int = 0
    missing_samples: int = 0
    nonfinite: int = 0
    out_of_order: int = 0
    from_future: int = 0
    """Samples dropped because their stamp lay too far ahead of the clock."""
    too_old: int = 0
    """Samples dropped because their stamp lay too far behind the clock."""
    period_start: float = np.nan
    """First stamp of the period the rate is being measured over, s."""
    period_samples: int = 0
    """Sampling intervals since `period_start`."""
    measured_hz: float | None = None
    """Rate over the last complete period, Hz."""

    @property
    def rate_hz(self) -> float | None:
        """Measured rate in Hz: of the last complete period, before that of what there is."""
        if self.measured_hz is not None or not self.period_samples:
            return self.measured_hz
        return self.period_samples / (self.newest - self.period_start)


def screen(
    state: ScreenState,
    spec: StreamSpec,
    t: Array,
    x: Array,
    latest: float = np.inf,
    earliest: float = -np.inf,
) -> tuple[ScreenState, Array, Array]:
    """Drop what must not go on, and count it.

    Dropped are samples whose stamp is not finite, does not increase, or lies outside `earliest`
    to `latest`, and samples with a value that is not finite or larger than ``spec.largest``; where
    ``spec.keep_nonfinite``, the latter stay and such values become NaN.

    Parameters
    ----------
    state
        State after the samples before these.
    spec
        The stream's description; its rate decides what a gap is.
    t
        Time stamps, shape [n], s.
    x
        Samples, shape [n, channels].
    latest, earliest
        Latest and earliest stamp that is believed, s.

    Returns
    -------
    tuple
        The new state and the samples that passed: stamps, shape [m], and values [m, channels].
    """
    state = replace(state, received=state.received + len(t))
    believable = np.isfinite(t) & (t <= latest) & (t >= earliest)
    future, old = int(np.count_nonzero(t > latest)), int(np.count_nonzero(t < earliest))
    rising = believable & (t > _newest_before(state.newest, np.where(believable, t, -np.inf)))
    state = replace(
        state,
        from_future=state.from_future + future,
        too_old=state.too_old + old,
        out_of_order=state.out_of_order + len(t) - future - old - int(np.count_nonzero(rising)),
    )
    t, x = t[rising], x[rising]
    if not len(t):
        return state, t, x
    state = _measure(state, spec.rate_hz, t)
    return _drop_nonfinite(state, spec, t, x)


def _newest_before(newest: float, t: Array) -> Array:
    """Return for each sample the newest stamp before it, shape [n]."""
    return np.maximum.accumulate(np.concatenate(([newest], t)))[:-1]


def _measure(state: ScreenState, rate_hz: float, t: Array) -> ScreenState:
    """Take stamps in order into the gaps and the rate."""
    intervals = np.diff(t, prepend=state.newest)  # the very first one is infinite
    wide = intervals[np.isfinite(intervals) & (intervals > GAP_INTERVALS / rate_hz)]
    return replace(
        _measure_rate(state, t, intervals),
        newest=float(t[-1]),
        gaps=state.gaps + len(wide),
        missing_samples=state.missing_samples + int(np.sum(np.rint(wide * rate_hz) - 1)),
    )


def _measure_rate(state: ScreenState, t: Array, intervals: Array) -> ScreenState:
    """Count intervals period by period; a long silence starts a period."""
    start, count, measured = state.period_start, state.period_samples, state.measured_hz
    for stamp, interval in zip(t.tolist(), intervals.tolist(), strict=True):
        count += 1
        if interval > PAUSE_S:
            start, count = stamp, 0
        elif stamp - start >= RATE_PERIOD_S:
            measured = count / (stamp - start)
            start, count = stamp, 0
    return replace(state, period_start=start, period_samples=count, measured_hz=measured)


def _drop_nonfinite(
    state: ScreenState, spec: StreamSpec, t: Array, x: Array
) -> tuple[ScreenState, Array, Array]:
    finite = np.abs(x) <= spec.largest  # which NaN is not
    whole = finite.all(axis=1)
    state = replace(state, nonfinite=state.nonfinite + len(t) - int(np.count_nonzero(whole)))
    if spec.keep_nonfinite:
        x = np.where(finite, x, np.nan)
    else:
        t, x = t[whole], x[whole]
    newest = float(t[-1]) if len(t) else state.newest_usable
    return replace(state, newest_usable=newest), t, x
