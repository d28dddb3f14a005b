"""Fatigue verdicts: strength as calibrated beside frequency and amplitude of the EMG.

What is judged is force for a given EMG: strength times gain as the calibrator finds them, of which
data tell the product better than the two. It falls when a muscle tires, but also
when an electrode gives more signal than before. What tells them apart is the EMG's spectrum: a
tired muscle's fibres conduct more slowly and its median frequency falls; an electrode's gain
changes the amplitude and leaves the frequency. Nothing is called fatigue on strength alone.

References
----------
De Luca 1984, Crit Rev Biomed Eng 11:251 (median frequency as the sign of fatigue).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.report.trend import Blocks, Ramp, Share, blocks, fit_ramp, step, trend

Array = NDArray[np.float64]

SETTLED_S = 40.0
"""Start of a session that is left out: the calibrator is still finding the person."""
LEAST_CHANGE = 0.05
"""A smaller change of strength is called stable however sure it is."""
LEAST_FALL = 0.04
"""A smaller fall of the median frequency is no sign of fatigue however sure it is."""
SUDDEN_S = 30.0
"""A change that is complete within this time came at once."""
ACTIVE = 0.2
"""Seconds count for the EMG's course when its amplitude is above this share of a high one."""
KNOWN = 0.5
"""Share of the updates in which a strength must be known, for a verdict on it."""
MISSED = 0.05
"""Probability that any interval of any muscle misses the truth."""
_UNKNOWN = frozenset({"weakly_identified", "known_with_another", "unobserved", "at_bound", "fixed"})


class Kind(StrEnum):
    """What is said of a muscle."""

    FATIGUE = "consistent with fatigue"
    ELECTRODE = "electrode or gain change"
    NOT_IDENTIFIABLE = "not identifiable"
    STABLE = "stable"


@dataclass(frozen=True)
class Course:
    """All that a session holds of one muscle; times in s since the session began."""

    muscle: str
    t: Array
    """Times of the accepted updates, shape [update]."""
    strength: Array
    """Relative to the generic muscle, shape [update]."""
    gain: Array
    """What its EMG was multiplied by, shape [update]."""
    identifiability: tuple[str, ...]
    """How well each update knew it; empty where that was not recorded."""
    t_emg: Array
    """Times of the seconds of EMG, shape [second]."""
    amplitude: Array
    """Amplitude of its EMG in V, the mean of its channels, shape [second]."""
    median_hz: Array
    """Median frequency of its EMG in Hz, NaN where unknown, shape [second]."""


@dataclass(frozen=True)
class Evidence:
    """The numbers behind a verdict."""

    strength: Ramp
    """Of strength times gain."""
    gain: Share | None
    """What of that is the gain's; None where it is not known."""
    frequency: Share | None
    """Trend of the median frequency over the session; None where it is not known."""
    frequency_hz: tuple[float, float] | None
    """Median frequency before the change of strength and after it, Hz; None where not known."""
    amplitude: Share | None
    """Change of the EMG's amplitude from before the change of strength to after it."""
    known: float
    """Share of the updates in which the strength was identified."""


@dataclass(frozen=True)
class FatigueVerdict:
    """What is said of a muscle, and the numbers it is said on."""

    muscle: str
    kind: Kind
    sentence: str
    evidence: Evidence | None
    """None where there is too little to fit."""

    def figures(self) -> dict[str, Any]:
        """Return the verdict as plain data."""
        return asdict(self)


def assess(courses: Sequence[Course]) -> list[FatigueVerdict]:
    """Return a verdict for every muscle.

    The intervals hold for all muscles together with probability 1 - `MISSED`: a session of many
    muscles has no more false alarms than a session of one.
    """
    confidence = 1.0 - MISSED / max(len(courses), 1)
    return [_verdict(course, confidence) for course in courses]


def _verdict(course: Course, confidence: float) -> FatigueVerdict:
    settled = course.t >= SETTLED_S
    t, gain = course.t[settled], course.gain[settled]
    strength = blocks(t, course.strength[settled] * gain)
    if not strength.enough:
        sentence = f"Too few accepted updates after the first {SETTLED_S:.0f} s to tell a change."
        return FatigueVerdict(course.muscle, Kind.NOT_IDENTIFIABLE, sentence, None)
    frequency, amplitude = _activity(course)
    slope = trend(frequency, confidence) if frequency.enough else None
    ramp = fit_ramp(strength, confidence)
    if ramp.change.falls and _slows(slope):
        ramp = fit_ramp(strength, confidence, beside=frequency)
    evidence = Evidence(
        strength=ramp,
        gain=step(blocks(t, gain), ramp.onset[0], ramp.end, 1.0 - MISSED),
        frequency=slope,
        frequency_hz=_levels(frequency, ramp),
        amplitude=step(amplitude, ramp.onset[0], ramp.end, 1.0 - MISSED),
        known=_known(course.identifiability),
    )
    return FatigueVerdict(course.muscle, *_judge(evidence), evidence)


def _judge(found: Evidence) -> tuple[Kind, str]:
    """Return what the evidence says, and the sentence for it."""
    change = found.strength.change
    moved = abs(change.value) >= LEAST_CHANGE and (change.falls or change.rises)
    slows = _slows(found.frequency)
    if moved and not slows and _contrary(found):
        # The EMG itself has changed, which can be said however well strength is known.
        way = "rose" if change.falls else "fell"
        return Kind.ELECTRODE, (
            f"{_moved(found)} while the amplitude of its EMG {way}, and {_frequency(found)}: look "
            "at its electrode."
        )
    if found.known < KNOWN:
        return Kind.NOT_IDENTIFIABLE, (
            f"Its strength was known well enough in {percent(found.known)} of the updates: the "
            "movement does not load the muscle enough, or does not tell it from its neighbours."
        )
    if not moved:
        return Kind.STABLE, _steady(found)
    if change.falls and slows:
        return Kind.FATIGUE, f"{_moved(found)}, and {_frequency(found)}."
    return _unlike_fatigue(found)


def _contrary(found: Evidence) -> bool:
    """Tell whether the EMG's amplitude changed against strength, as with an electrode's gain."""
    if found.amplitude is None:
        return False
    return found.amplitude.rises if found.strength.change.falls else found.amplitude.falls


def _unlike_fatigue(found: Evidence) -> tuple[Kind, str]:
    """Return what a change of strength is that has not the frequency of fatigue."""
    if found.strength.end - found.strength.onset[0] <= SUDDEN_S:
        return Kind.ELECTRODE, (
            f"{_moved(found)}, all at once, and {_frequency(found)}: look at its electrode."
        )
    return Kind.NOT_IDENTIFIABLE, (
        f"{_moved(found)}, but {_frequency(found)}, and nothing in its EMG explains the change."
    )


def _moved(found: Evidence) -> str:
    ramp, change = found.strength, found.strength.change
    way = "fell" if change.falls else "rose"
    low, high = sorted((abs(change.low), abs(change.high)))
    return (
        f"Strength {way} by {percent(abs(change.value))} (between {percent(low)} and "
        f"{percent(high)}) "
        f"from {clock(ramp.onset[0])} to {clock(ramp.end)}{_by_gain(found.gain)}"
    )


def _by_gain(gain: Share | None) -> str:
    """Return what of a change the calibrator put on the gain, where that is worth a word."""
    if gain is None or abs(gain.value) < LEAST_CHANGE:
        return ""
    return f" (of it {percent(gain.value, signed=True)} by the gain of its EMG)"


def _steady(found: Evidence) -> str:
    low, high = found.strength.change.low, found.strength.change.high
    lone = f" All the same, {_frequency(found)}." if _slows(found.frequency) else ""
    room = f"{percent(low, signed=True)} to {percent(high, signed=True)}"
    return f"No change of strength stands out; the data allow {room}.{lone}"


def _slows(frequency: Share | None) -> bool:
    return frequency is not None and frequency.falls and frequency.value < -LEAST_FALL


def _frequency(found: Evidence) -> str:
    if found.frequency is None:
        return "the median frequency of its EMG is not known"
    way = "fell" if _slows(found.frequency) else "rose" if found.frequency.rises else "stayed"
    if found.frequency_hz is None:
        return f"the median frequency of its EMG {way}"
    before, after = found.frequency_hz
    return f"the median frequency of its EMG {way} (from {before:.0f} to {after:.0f} Hz)"


def active(course: Course) -> NDArray[np.bool_]:
    """Return the seconds in which a muscle is active enough for its EMG to speak of it."""
    loud = course.amplitude[np.isfinite(course.amplitude)]
    high = float(np.quantile(loud, 0.9)) if len(loud) else np.inf
    return np.asarray(course.amplitude > ACTIVE * high)


def _activity(course: Course) -> tuple[Blocks, Blocks]:
    """Return median frequency and amplitude over the seconds in which the muscle is active."""
    chosen = active(course)
    t = course.t_emg[chosen]
    return blocks(t, course.median_hz[chosen]), blocks(t, course.amplitude[chosen])


def _levels(frequency: Blocks, ramp: Ramp) -> tuple[float, float] | None:
    """Return the median frequency before and after a change of strength, Hz."""
    before = frequency.y[frequency.t <= ramp.onset[0]]
    after = frequency.y[frequency.t >= ramp.end]
    if not len(before) or not len(after):
        return None
    return float(before.mean()), float(after.mean())


def _known(identifiability: Sequence[str]) -> float:
    said = [one for one in identifiability if one]
    return sum(one not in _UNKNOWN for one in said) / len(said) if said else 1.0


def percent(share: float, signed: bool = False) -> str:
    """Return a share for people: ``25 %``, or with its sign ``−25 %``."""
    number = round(100.0 * share)
    return f"{number:+d} %".replace("-", "−") if signed and number else f"{number} %"


def clock(seconds: float) -> str:
    """Return a time since the session began as minutes and seconds, ``2:05``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
