"""Stamps made even again by the count of samples, where a sender's own cannot be right.

Many senders stamp a chunk when it arrives: chunks then overlap by what the transport trembles, or
all samples of a chunk bear one stamp. The samples themselves are evenly spaced, so from the first
stamp on that does not increase, stamps follow a line through the sender's: a step of one sampling
interval each, with phase and rate corrected slowly. Stamps that increase pass as they are.

References
----------
Gardner, Phaselock Techniques, 3rd ed. 2005, section 2.2 (second-order loop, damping 0.7).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from pipeline.streams.base import Array
from pipeline.streams.screen import GAP_INTERVALS, increasing

BACK_S = 0.25
"""A stamp further back than this behind the newest is old, no jitter; it is left as it is, s."""
_NATURAL_RAD_PER_S = 1.25
"""Natural frequency of the loop: the line follows the sender's clock within about a second."""
_DAMPING = 0.7
_RATE_RANGE = 0.05
"""How far the tracked interval may go from the nominal one, as a fraction."""
_LEAST_STEP = 0.2
"""Least step between two stamps, in intervals."""
_LEAD_S = 0.1
"""How far the line may run ahead of the sender's stamps, s: those far ahead are refused. It would
where what was held back comes all at once, as over radio, or where the nominal rate is wrong."""
_CROWDED_STEP = 0.005
"""Step between two stamps while the line is further ahead, in intervals."""
_SPREAD_S = 2.0
"""Time over which the spread of the sender's stamps is known, s."""
_LONGER = 1.5
"""More of the longest of late than this must be due for a gap to be seen before shared stamps."""
_OUTSIDE = 5.0
"""Deviations of the spread beyond which a late stamp is a gap."""


@dataclass
class DejitterState:
    """What is known of a stream's stamps; `dejitter` returns another, and changes none."""

    stamp: float = -np.inf
    """Newest stamp of the sender that was not old, s."""
    given: float = -np.inf
    """Newest stamp given out, s."""
    interval_s: float = 0.0
    """Tracked sampling interval, s; 0 until stamps are remade."""
    error_s: float = 0.0
    """How far the last complete stamp was ahead of the line, less what was corrected, s."""
    variance: float = 0.0
    """Of the sender's stamps about the line, s^2."""
    shared: float = -np.inf
    """Stamp of the last sample, which the next ones may share, s."""
    count: int = 0
    """Samples that share it so far."""
    longest: float = 1.0
    """Most samples that shared a stamp of late."""
    anew: bool = False
    """Whether the line began anew at the shared stamp: it then goes no further than that."""
    remade: int = 0
    """Samples whose stamps were remade."""

    @property
    def engaged(self) -> bool:
        """Whether stamps are remade."""
        return self.interval_s > 0.0

    @property
    def spread_s(self) -> float:
        """Standard deviation of the sender's stamps about the line, s."""
        return math.sqrt(self.variance)


def dejitter(state: DejitterState, rate_hz: float, t: Array) -> tuple[DejitterState, Array]:
    """Return stamps that increase with the count of samples.

    Parameters
    ----------
    state
        State after the samples before these.
    rate_hz
        Nominal rate, Hz.
    t
        The sender's stamps, shape [n], s.

    Returns
    -------
    tuple
        The new state, and the stamps, shape [n]. Stamps that are not finite, or further back than
        `BACK_S`, are returned as they came, for the screen to drop.
    """
    if not len(t):
        return state, t
    if not state.engaged and increasing(state.stamp, t):
        newest = float(t[-1])
        return replace(state, stamp=newest, given=newest, shared=newest), t
    state = replace(state)
    line = _Line(state, rate_hz)
    made = np.array([line.next(stamp) for stamp in t.tolist()])
    state.remade += int(np.count_nonzero(made != t))
    return state, made


class _Line:
    """The line while a chunk passes; it changes its state, as copies cost more than the sums."""

    def __init__(self, state: DejitterState, rate_hz: float) -> None:
        self._now = state
        self._nominal_s = nominal_s = 1.0 / rate_hz
        self._phase = 2.0 * _DAMPING * _NATURAL_RAD_PER_S * nominal_s
        self._rate = (_NATURAL_RAD_PER_S * nominal_s) ** 2
        self._share = nominal_s / _SPREAD_S
        self._bounds = nominal_s * (1.0 - _RATE_RANGE), nominal_s * (1.0 + _RATE_RANGE)

    def next(self, stamp: float) -> float:
        """Take one stamp; return the one to give out."""
        now = self._now
        if not stamp >= now.stamp - BACK_S:  # nor NaN
            return stamp
        if not now.engaged:
            if stamp > now.stamp:
                now.stamp = now.given = now.shared = stamp
                return stamp
            self._engage(stamp)
        if stamp != now.shared:
            self._turn(stamp)
        now.stamp = max(stamp, now.stamp)
        now.count += 1
        now.given += self._step(stamp)
        return now.given

    def _engage(self, stamp: float) -> None:
        """Begin the line at the stamp that was given out last."""
        now = self._now
        now.interval_s, now.count, now.anew = self._nominal_s, 1, True
        now.variance = (now.stamp + self._nominal_s - stamp) ** 2

    def _turn(self, stamp: float) -> None:
        """Go on to the next stamp: the one before is complete and tells how far the line is off."""
        now = self._now
        now.error_s = now.shared - now.given
        now.longest = max(
            now.count, now.longest + now.count * self._share * (now.count - now.longest)
        )
        outside_s = max(GAP_INTERVALS * self._nominal_s, _OUTSIDE * now.spread_s)
        before_s = (now.longest - 1.0) * self._nominal_s
        now.anew = stamp - now.given - now.interval_s > _LONGER * before_s + outside_s
        if now.anew:
            now.given, now.error_s = stamp - before_s - now.interval_s, 0.0
        elif now.error_s > outside_s:  # a gap too short to be seen before the chunk
            now.given, now.error_s = now.shared, 0.0
        now.shared, now.count = stamp, 0

    def _step(self, stamp: float) -> float:
        """Return the step to the next sample, s, and let the loop follow the error."""
        now = self._now
        ahead_s = now.given + now.interval_s - stamp
        if ahead_s > (0.5 * self._nominal_s if now.anew else _LEAD_S):
            return _CROWDED_STEP * self._nominal_s
        error, low, high = now.error_s, *self._bounds
        step = max(now.interval_s + self._phase * error, _LEAST_STEP * self._nominal_s)
        now.error_s -= step - now.interval_s
        now.interval_s = min(max(now.interval_s + self._rate * error, low), high)
        now.variance += self._share * (error**2 - now.variance)
        return step
