"""What the evidence of a muscle says, and the sentence for it."""

from __future__ import annotations

from daemon.report.verdict import Evidence, Kind
from daemon.report.words import clock, percent
from pipeline.drift.falls import Fall
from pipeline.drift.share import Share

LEAST_FALL = 0.04
"""A smaller fall of the median frequency is no sign of fatigue however sure it is."""
SUDDEN_S = 30.0
"""A change that is complete within this time came at once."""


def judge(found: Evidence) -> tuple[Kind, str]:
    """Return what the evidence says, and the sentence for it."""
    change, slows = found.change, _slows(found.frequency)
    if change is None:
        return Kind.STABLE, _steady(found)
    moved = _moved(change)
    if change.share.falls and slows:
        return Kind.FATIGUE, f"{moved}, and {_frequency(found)}.{_regained(change)}"
    if not slows and _contrary(found):
        way = "rose" if change.share.falls else "fell"
        return Kind.ELECTRODE, (
            f"{moved} while the amplitude of its EMG {way}, and {_frequency(found)}: look at its "
            "electrode."
        )
    if not slows and change.end - change.onset[0] <= SUDDEN_S:
        return Kind.ELECTRODE, (
            f"{moved}, all at once, and {_frequency(found)}: look at its electrode."
        )
    return Kind.UNEXPLAINED, (
        f"{moved}, but {_frequency(found)}, and nothing in its EMG explains the change."
    )


def _contrary(found: Evidence) -> bool:
    """Tell whether the EMG's amplitude changed against force, as with an electrode's gain."""
    if found.amplitude is None or found.change is None:
        return False
    return found.amplitude.rises if found.change.share.falls else found.amplitude.falls


def _moved(change: Fall) -> str:
    way = "fell" if change.share.falls else "rose"
    return (
        f"Force for the same EMG {way} by {_between(change.share)} from {clock(change.onset[0])} "
        f"to {clock(change.end)}"
    )


def _between(share: Share) -> str:
    """Return a share's size with its interval, for people."""
    low, high = sorted((abs(share.low), abs(share.high)))
    return f"{percent(abs(share.value))} (between {percent(low)} and {percent(high)})"


def _regained(change: Fall) -> str:
    if change.regained is None or change.regained_since is None:
        return ""
    return f" It regained {_between(change.regained)} since {clock(change.regained_since)}."


def _steady(found: Evidence) -> str:
    low, high = found.force.low, found.force.high
    lone = f" All the same, {_frequency(found)}." if _slows(found.frequency) else ""
    room = f"{percent(low, signed=True)} to {percent(high, signed=True)}"
    return f"No change of force for the same EMG stands out; the data allow {room}.{lone}"


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
