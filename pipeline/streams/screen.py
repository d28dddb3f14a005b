"""The one cleaning step every sample passes, whatever carried it.

`screen` is a pure step from state to state. What passes does not depend on how the samples were
cut into chunks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    dropped: dict[str, int] = {}
    if not _in_order(state.newest, t, latest, earliest):
        rising, dropped = _rising(state, t, latest, earliest)
        t, x = t[rising], x[rising]
    received = sum(dropped.values()) + len(t)
    counts = {name: getattr(state, name) + count for name, count in dropped.items()}
    measured = _measured(state, spec.rate_hz, t)
    t, x, lost = _usable(spec, t, x)
    state = replace(
        state,
        received=state.received + received,
        nonfinite=state.nonfinite + lost,
        newest_usable=float(t[-1]) if len(t) else state.newest_usable,
        **counts,
        **measured,
    )
    return state, t, x


def increasing(newest: float, t: Array) -> bool:
    """Tell whether stamps, at least one, increase from the newest before them on; NaN does not."""
    return bool(t[0] > newest) and (len(t) == 1 or bool((t[1:] > t[:-1]).all()))


def _in_order(newest: float, t: Array, latest: float, earliest: float) -> bool:
    """Tell whether all stamps are believed and increase, as nearly always."""
    return bool(len(t) and t[0] >= earliest and t[-1] <= latest) and increasing(newest, t)


def _rising(
    state: ScreenState, t: Array, latest: float, earliest: float
) -> tuple[NDArray[np.bool_], dict[str, int]]:
    """Return which stamps are believed and increase, and how many others there are of a kind."""
    believable = np.isfinite(t) & (t <= latest) & (t >= earliest)
    future, old = int(np.count_nonzero(t > latest)), int(np.count_nonzero(t < earliest))
    newest = np.maximum.accumulate(
        np.concatenate(([state.newest], np.where(believable, t, -np.inf)))
    )
    rising = believable & (t > newest[:-1])
    disordered = len(t) - future - old - int(np.count_nonzero(rising))
    return rising, {"from_future": future, "too_old": old, "out_of_order": disordered}


def _measured(state: ScreenState, rate_hz: float, t: Array) -> dict[str, Any]:
    """Return the gaps and the rate after stamps in order; a long silence starts a period."""
    newest, start, count = state.newest, state.period_start, state.period_samples
    gaps, missing, measured = state.gaps, state.missing_samples, state.measured_hz
    for stamp in t.tolist():
        interval = stamp - newest  # the very first one is infinite
        newest, count = stamp, count + 1
        if GAP_INTERVALS < interval * rate_hz < math.inf:
            gaps, missing = gaps + 1, missing + round(interval * rate_hz) - 1
        if interval > PAUSE_S:
            start, count = stamp, 0
        elif stamp - start >= RATE_PERIOD_S:
            measured = count / (stamp - start)
            start, count = stamp, 0
    return {
        "newest": newest,
        "gaps": gaps,
        "missing_samples": missing,
        "period_start": start,
        "period_samples": count,
        "measured_hz": measured,
    }


def _usable(spec: StreamSpec, t: Array, x: Array) -> tuple[Array, Array, int]:
    """Return the samples that may go on, and how many have a value that is no number."""
    finite = np.abs(x) <= spec.largest  # which NaN is not
    if finite.all():
        return t, x, 0
    whole = finite.all(axis=1)
    lost = len(t) - int(np.count_nonzero(whole))
    if spec.keep_nonfinite:
        return t, np.where(finite, x, np.nan), lost
    return t[whole], x[whole], lost
