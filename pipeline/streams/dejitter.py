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
from pipeline.streams.screen import GAP_INTERVALS

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
_OUTSIDE = 5.0
"""Deviations of the spread beyond which a late stamp is a gap."""


@dataclass(frozen=True)
class DejitterState:
    """What is known of a stream's stamps."""

    stamp: float = -np.inf
    """Newest stamp of the sender that was not old, s."""
    given: float = -np.inf
    """Newest stamp given out, s."""
    engaged: bool = False
    """Whether stamps are remade."""
    interval_s: float = 0.0
    """Tracked sampling interval, s; only while engaged."""
    variance: float = 0.0
    """Of the sender's stamps about the line, s^2."""
    remade: int = 0
    """Samples whose stamps were remade."""

    @property
    def spread_s(self) -> float:
        """Standard deviation of the sender's stamps about the line, s."""
        return float(np.sqrt(self.variance))


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
    if not state.engaged and np.all(np.diff(t, prepend=state.stamp) > 0):  # nor NaN
        return replace(state, stamp=float(t[-1]), given=float(t[-1])), t
    made = np.empty_like(t)
    line = _Line(state, rate_hz)
    for place, stamp in enumerate(_ends_of_chunks(t, rate_hz).tolist()):
        made[place] = line.next(stamp)
    return line.state(state.remade + int(np.count_nonzero(made != t))), made


def _ends_of_chunks(t: Array, rate_hz: float) -> Array:
    """Spread stamps that several samples in a row share: a shared one is that of the last."""
    last = np.append(t[1:] != t[:-1], True)
    ends = np.flatnonzero(last)[np.searchsorted(np.flatnonzero(last), np.arange(len(t)))]
    spread: Array = t - (ends - np.arange(len(t))) / rate_hz
    return spread


class _Line:
    """The line while a chunk passes: a state that changes, as copies cost more than the sums."""

    def __init__(self, state: DejitterState, rate_hz: float) -> None:
        self._nominal_s = nominal_s = 1.0 / rate_hz
        self._stamp, self._given, self._engaged = state.stamp, state.given, state.engaged
        self._interval_s, self._variance = state.interval_s, state.variance
        self._phase = 2.0 * _DAMPING * _NATURAL_RAD_PER_S * nominal_s
        self._rate = (_NATURAL_RAD_PER_S * nominal_s) ** 2
        self._share = nominal_s / _SPREAD_S
        self._bounds = nominal_s * (1.0 - _RATE_RANGE), nominal_s * (1.0 + _RATE_RANGE)

    def next(self, stamp: float) -> float:
        """Take one stamp; return the one to give out."""
        if not stamp >= self._stamp - BACK_S:  # nor NaN
            return stamp
        if not self._engaged:
            if stamp > self._stamp:
                self._stamp = self._given = stamp
                return stamp
            self._engaged, self._interval_s = True, self._nominal_s
            self._variance = (self._stamp + self._nominal_s - stamp) ** 2
        error = stamp - self._given - self._interval_s
        self._stamp = max(stamp, self._stamp)
        if error > max(GAP_INTERVALS * self._nominal_s, _OUTSIDE * math.sqrt(self._variance)):
            self._given = stamp
        elif error < -_LEAD_S:  # says nothing of rate and spread
            self._given += _CROWDED_STEP * self._nominal_s
        else:
            self._given += self._step(error)
        return self._given

    def _step(self, error: float) -> float:
        """Let the loop follow an error, s; return the step to the next stamp, s."""
        step = max(self._interval_s + self._phase * error, _LEAST_STEP * self._nominal_s)
        low, high = self._bounds
        self._interval_s = min(max(self._interval_s + self._rate * error, low), high)
        self._variance += self._share * (error**2 - self._variance)
        return step

    def state(self, remade: int) -> DejitterState:
        """Return the state to go on from."""
        return DejitterState(
            self._stamp, self._given, self._engaged, self._interval_s, self._variance, remade
        )
