"""What the EMG channels of a session were like, in a few numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from daemon.report.activity import ACTIVE
from daemon.report.material import Emg, Material


class Level(NamedTuple):
    """A channel in the seconds in which it was active; None where that is not known."""

    amplitude_v: float | None
    """Median of the RMS amplitude, V."""
    median_hz: float | None
    """Median of the median frequency, Hz."""


def typical_emg(course: Emg) -> Level:
    """Return what a channel was like while it was active."""
    heard = np.isfinite(course.amplitude)
    if not heard.any():
        return Level(None, None)
    high = float(np.quantile(course.amplitude[heard], 0.9))
    active = heard & (course.amplitude > ACTIVE * high)
    return Level(_median(course.amplitude[active]), _median(course.median_hz[active]))


def mvc_at_end(material: Material) -> dict[str, float]:
    """Return each channel's MVC at the end of a session, in the unit of its envelope."""
    given: Mapping[str, float] = material.config["envelope"]["mvc"]
    channels = [name for used in material.config["model"]["muscles"].values() for name in used]
    found = {channel: float(given.get(channel, 1.0)) for channel in dict.fromkeys(channels)}
    for change in material.mvc:
        found[change.channel] = found.get(change.channel, 1.0) * change.ratio
    return found


def mvc_unit(material: Material) -> str:
    """Return the unit of a session's MVC values: V of raw EMG, 1 of ready envelopes."""
    return "V" if material.config["envelope"]["kind"] == "raw" else "1"


def _median(values: np.ndarray) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else None
