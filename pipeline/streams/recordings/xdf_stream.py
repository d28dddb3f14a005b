"""One stream of an XDF file, with what its header says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.streams.base import Array
from pipeline.streams.recordings.stamps import evened


@dataclass(frozen=True)
class XdfStream:
    """One stream as it was recorded; what its header does not say is empty.

    Parameters
    ----------
    number
        The file's own number for it, the stream id.
    name, type, source_id
        As the sender called it.
    labels, units
        Of each channel.
    rate_hz
        Nominal rate, Hz; 0 where it is irregular.
    t
        Time stamps, shape [n], s; a regular stream's without jitter.
    x
        Samples, shape [n, channels].
    """

    number: int
    name: str
    type: str
    source_id: str
    labels: tuple[str, ...]
    units: tuple[str, ...]
    rate_hz: float
    t: Array
    x: NDArray[Any]

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Self:
        """Read what pyxdf gives, which is XML as nested dicts of lists."""
        info, x = raw["info"], np.asarray(raw["time_series"])
        described = _channels(info)
        labels = [_text(c, "label") or _text(c, "name") for c in described]
        units = [_text(c, "unit") for c in described]
        missing = [""] * max(0, (x.shape[1] if x.ndim == 2 else 0) - len(labels))
        rate_hz = float(_text(info, "nominal_srate") or 0)
        t = np.asarray(raw["time_stamps"], dtype=np.float64)
        return cls(
            number=int(info["stream_id"]),
            name=_text(info, "name"),
            type=_text(info, "type"),
            source_id=_text(info, "source_id"),
            labels=(*labels, *missing),
            units=(*units, *missing),
            rate_hz=rate_hz,
            t=evened(t) if rate_hz else t,
            x=x,
        )

    def __str__(self) -> str:
        """Return how a sentence lists it, so that it can be told from any other."""
        source = f"source_id '{self.source_id}', " if self.source_id else ""
        return f"{self.name} ({self.type or 'no type'}, {source}stream {self.number})"


def in_one(streams: Sequence[XdfStream]) -> XdfStream | None:
    """Return the parts of one stream that was interrupted as one; None if they are not that.

    Parts are of one name and source_id, have the same channels, and follow one another.
    """
    parts = sorted(streams, key=lambda stream: stream.t[0])
    first = parts[0]
    same = all(_identity(part) == _identity(first) for part in parts)
    in_turn = all(before.t[-1] < after.t[0] for before, after in pairwise(parts))
    if not (first.source_id and same and in_turn):
        return None
    t, x = ([part.t for part in parts], [part.x for part in parts])
    return replace(first, t=np.concatenate(t), x=np.concatenate(x))


def _identity(stream: XdfStream) -> tuple[object, ...]:
    return stream.name, stream.type, stream.source_id, stream.labels, stream.units, stream.rate_hz


def _channels(info: Any) -> list[Any]:
    node = info
    for name in ("desc", "channels"):
        node = (node.get(name) or [None])[0] or {}
    return list(node.get("channel") or [])


def _text(node: Any, name: str) -> str:
    values = node.get(name) if node else None
    return str(values[0] or "").strip() if values else ""
