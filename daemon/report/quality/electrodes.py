"""The quality of each EMG channel over a session.

References
----------
De Luca et al. 2010, J Biomech 43:1573 (movement artefact below 20 Hz). Winter, Fuglevand, Archer
1994, J Electromyogr Kinesiol 4:15 (common signal of two electrode pairs). The limits and where they
come from are in docs/quality.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.report.material import Event, Material
from daemon.report.quality.records import EmgRecord
from daemon.report.quality.standing import Finding, Standing, graded, troubles, worst
from daemon.report.words import percent

Array = NDArray[np.float64]

SNR_DB = (12.0, 6.0)
"""Loudest over quietest below which a channel is doubtful, and bad; noise alone has about 3 dB."""
LINE_SHARE = (0.15, 0.5)
"""Hum above which it is so; likewise the others."""
MOTION_SHARE = (0.15, 0.5)
COMMON_SHARE = (0.1, 0.5)
FAULTY_SHARE = (0.0, 0.2)
_LOUD, _QUIET = 0.9, 0.1
"""Quantiles over the seconds: a stray second is neither the loudest nor the quietest."""


class Numbers(NamedTuple):
    """A channel's quality in numbers; None where they are not known."""

    snr_db: float | None
    """Loudest 0.1 s over the quietest, dB."""
    line_share: float | None
    """Share of the power that is hum."""
    motion_share: float | None
    """Share of the power below 20 Hz."""
    common_share: float | None
    """Share of the power over the session that is also in the channel most like it."""
    common_with: str | None
    """That channel."""


_NOTHING = Numbers(None, None, None, None, None)


@dataclass(frozen=True)
class ChannelQuality:
    """What is thought of a channel."""

    channel: str
    standing: Standing
    sentence: str
    numbers: Numbers
    faulty_share: float
    """Share of the time in which the channel was taken for faulty."""

    def figures(self) -> dict[str, Any]:
        """Return it as plain data."""
        told = {"channel": self.channel, "standing": self.standing, "sentence": self.sentence}
        return {**told, **self.numbers._asdict(), "faulty_share": self.faulty_share}


def numbers_of(record: EmgRecord) -> Numbers:
    """Return the quality of a channel of raw EMG in numbers."""
    return Numbers(_snr_db(record), _median(record.line_share), _motion(record), *_common(record))


def channel_qualities(material: Material, records: Mapping[str, EmgRecord]) -> list[ChannelQuality]:
    """Return what is thought of each channel that drives a muscle."""
    driven: dict[str, set[str]] = {}
    for muscle, channels in material.config["model"]["muscles"].items():
        for channel in channels:
            driven.setdefault(channel, set()).add(muscle)
    most = max((len(one.amplitude_v) for one in records.values()), default=0)
    return [
        _quality(
            channel,
            numbers_of(records[channel]) if channel in records else _NOTHING,
            _faulty(channel, material, records.get(channel), most),
            {other for other, muscles in driven.items() if muscles & driven[channel]},
        )
        for channel in driven
    ]


def _quality(channel: str, numbers: Numbers, faulty: float, related: set[str]) -> ChannelQuality:
    found = list(_findings(numbers, faulty, related))
    standing = worst([one.standing for one in found])
    wrong = " ".join(one.sentence for one in troubles(found))
    return ChannelQuality(channel, standing, wrong or _FINE[standing], numbers, faulty)


_FINE = {
    Standing.GOOD: "Clean.",
    Standing.UNKNOWN: "Ready envelopes do not tell how clean the EMG behind them is.",
}


def _findings(numbers: Numbers, faulty: float, related: set[str]) -> Iterator[Finding]:
    snr_db, line, motion, common, alike = numbers
    if faulty > 0:
        yield Finding(
            graded(faulty, *FAULTY_SHARE),
            f"Faulty for {percent(faulty)} of the time: the events say what was wrong.",
        )
    if snr_db is not None:
        yield Finding(
            graded(-snr_db, *(-limit for limit in SNR_DB)),
            f"Its loudest stands only {snr_db:.0f} dB above its quietest: the muscle never "
            "worked or never rested, or the electrode has poor contact.",
        )
    if line is not None:
        yield Finding(
            graded(line, *LINE_SHARE),
            f"{percent(line)} of its power is mains hum: look at the ground electrode and cables.",
        )
    if motion is not None:
        yield Finding(
            graded(motion, *MOTION_SHARE),
            f"{percent(motion)} of its power is below 20 Hz, movement artefact: fix cable and "
            "electrode.",
        )
    if common is not None and alike is not None and alike not in related:
        yield Finding(
            graded(common, *COMMON_SHARE),
            f"{percent(common)} of its signal is also in {alike}: crosstalk, or a noise that "
            "reaches both; move the electrodes apart.",
        )


def _snr_db(record: EmgRecord) -> float | None:
    loudest, quietest = _known(record.loudest_v), _known(record.quietest_v)
    if not len(loudest) or not len(quietest):
        return None
    low = float(np.quantile(quietest, _QUIET))
    high = float(np.quantile(loudest, _LOUD))
    return 20.0 * float(np.log10(high / low)) if low > 0 and high > 0 else None


def _motion(record: EmgRecord) -> float | None:
    """Return the share of the power below the band over the session, its loud seconds weigh most.

    At rest there is nothing but slow drift below the noise, which harms nobody.
    """
    known = np.isfinite(record.motion_share) & np.isfinite(record.amplitude_v)
    below = record.motion_share[known].clip(0.0, 0.999)
    inside = record.amplitude_v[known] ** 2
    power = float((inside / (1.0 - below)).sum())
    return float((inside * below / (1.0 - below)).sum()) / power if power > 0 else None


def _common(record: EmgRecord) -> tuple[float | None, str | None]:
    """Return the largest share of the session's power that another channel has too, and its name.

    Shares are weighed by power: a channel whose own muscle is silent is crosstalk alone.
    """
    known = np.isfinite(record.common_share) & np.isfinite(record.amplitude_v)
    power = np.where(known, record.amplitude_v, 0.0) ** 2
    if not power.sum() > 0:
        return None, None
    names = np.array(record.common_with)
    shared = np.where(known, record.common_share, 0.0) * power
    by_name = {str(name): float(shared[names == name].sum()) for name in np.unique(names) if name}
    if not by_name:
        return None, None
    most = max(by_name, key=lambda name: by_name[name])
    return by_name[most] / float(power.sum()), most


def _faulty(channel: str, material: Material, record: EmgRecord | None, most: int) -> float:
    """Return the share of the time in which a channel was faulty or gave no numbers."""
    seconds = material.seconds
    told = sum(_faulty_s(channel, material.events, seconds)) / seconds if seconds > 0 else 0.0
    lost = most - len(record.amplitude_v) if record is not None else 0
    return max(told, lost / most) if lost > 1 else told


def _faulty_s(channel: str, events: Sequence[Event], end: float) -> Iterator[float]:
    """Return the lengths of the stretches between a fault and its end, s."""
    since: float | None = None
    for event in events:
        if event.sentence.startswith(f"EMG channel {channel} is faulty"):
            since = event.t if since is None else since
        elif event.sentence.startswith(f"EMG channel {channel} is valid") and since is not None:
            yield event.t - since
            since = None
    if since is not None:
        yield end - since


def _median(values: Array) -> float | None:
    known = _known(values)
    return float(np.median(known)) if len(known) else None


def _known(values: Array) -> Array:
    return np.asarray(values[np.isfinite(values)])
