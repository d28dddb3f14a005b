"""The ZeroMQ message that carries samples: one frame, ``KEY`` + space + a msgpack map.

========  ===========  ============================================================================
field     type         meaning
========  ===========  ============================================================================
v         int          version of this layout: 1
stream    str          the stream's key, as in the topic: ``emg``, ``angles``, ``moments`` ...
seq       int          0 for a sender's first message, then one more for each
run       int          optional; drawn by chance when the sender starts, so that a restart shows
channels  [str]        name of each column of ``x``
unit      str          unit of the samples: V, mV, uV or 1; rad or deg; N*m; rad/s^2 or deg/s^2
rate_hz   float        nominal sampling rate, Hz
t         [float]      time stamp of each row, s; leave it out to have rows stamped on arrival
clock     str          optional; the clock of ``t``: ``lsl``, the receiving machine's LSL clock
x         [[float]]    samples, one row for each time stamp; NaN where there is no value
========  ===========  ============================================================================

Numbers are plain msgpack floats and integers: no extension types, no raw bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

import msgpack
import numpy as np

from pipeline.streams.base import Array
from pipeline.transport.packing import PackingError, unpacked

VERSION = 1
MAX_BYTES = 256 * 1024
"""Largest message that is read."""
MAX_ROWS = 1024
MAX_CHANNELS = 1024
MAX_NAME = 256
"""Longest name of a stream, channel or unit, characters."""
MAX_FIELDS = 64
MAX_SEQ = 2**63


class WireError(ValueError):
    """A message that is not what this module documents; the text says why."""


@dataclass(frozen=True)
class Samples:
    """The content of one message.

    Parameters
    ----------
    stream
        Key of the stream.
    seq
        Number of the message.
    channels
        Name of each column of `x`.
    unit
        Unit of the samples, as the sender calls it.
    rate_hz
        Nominal sampling rate, Hz.
    t
        Time stamps, shape [n], s on the LSL clock; None if the receiver is to stamp them.
    x
        Samples, shape [n, channels].
    run
        Drawn by chance when the sender started; None if it does not say.
    """

    stream: str
    seq: int
    channels: tuple[str, ...]
    unit: str
    rate_hz: float
    t: Array | None
    x: Array
    run: int | None = None


def encode(samples: Samples) -> bytes:
    """Return the frame that carries the samples."""
    fields = {
        "v": VERSION,
        "stream": samples.stream,
        "seq": samples.seq,
        "channels": list(samples.channels),
        "unit": samples.unit,
        "rate_hz": samples.rate_hz,
        "x": samples.x.tolist(),
    }
    if samples.run is not None:
        fields["run"] = samples.run
    if samples.t is not None:
        fields |= {"clock": "lsl", "t": samples.t.tolist()}
    packed: bytes = msgpack.packb(fields)
    return topic(samples.stream) + packed


def topic(key: str) -> bytes:
    """Return the prefix of the messages of stream `key`, to subscribe to."""
    return key.encode() + b" "


def decode(frame: bytes) -> Samples:
    """Return what a frame carries.

    Raises
    ------
    WireError
        If the frame is anything but a message as documented above.
    """
    fields = _unpack(frame)
    _require(fields.get("v") == VERSION, f"v is {_shown(fields.get('v'))}, not {VERSION}")
    stream = _text(fields, "stream")
    _require(frame.startswith(topic(stream)), f"the topic is not that of stream '{stream}'")
    x = _matrix(fields.get("x"))
    channels = _channels(fields.get("channels"), x.shape[1])
    return Samples(
        stream=stream,
        seq=_count("seq", fields.get("seq")),
        channels=channels,
        unit=_text(fields, "unit"),
        rate_hz=_rate(fields.get("rate_hz")),
        t=_stamps(fields, len(x)),
        x=x,
        run=_count("run", fields["run"]) if "run" in fields else None,
    )


def _unpack(frame: bytes) -> dict[str, Any]:
    _require(len(frame) <= MAX_BYTES, f"{len(frame)} bytes are more than {MAX_BYTES}")
    _, space, packed = frame.partition(b" ")
    _require(space != b"", "there is no topic before a space")
    try:
        fields = unpacked(
            packed, most_items=MAX_ROWS, most_keys=MAX_FIELDS, longest_text=4 * MAX_NAME
        )
    except PackingError as error:
        if "max_bin_len" in str(error) or "max_ext_len" in str(error):
            raise WireError(
                "it holds raw bytes where numbers belong (a Float32Array is sent so); send plain "
                "lists, such as Array.from(values)"
            ) from error
        raise WireError(f"it is not msgpack ({error})") from error
    _require(isinstance(fields, dict), "it is not a msgpack map")
    return dict(fields)


def _require(condition: bool, reason: str) -> None:
    if not condition:
        raise WireError(reason)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    _require(_is_name(value), f"{name} is {_shown(value)}, not a name")
    return str(value)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME


def _count(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_SEQ:
        raise WireError(f"{name} is {_shown(value)}, not a number from zero on")
    return value


def _rate(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 1e9:
        raise WireError(f"rate_hz is {_shown(value)}, not a rate")
    return float(value)


def _channels(value: object, columns: int) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(_is_name(name) for name in value):
        raise WireError(f"channels is {_shown(value)}, not a list of names")
    _require(len(value) == columns, f"{len(value)} channels, but rows of {columns} values")
    return tuple(value)


def _matrix(value: object) -> Array:
    if not isinstance(value, list) or not value or not all(isinstance(r, list) for r in value):
        raise WireError("x is not a list of rows of equal length")
    width = len(value[0])
    _require(all(len(row) == width for row in value), "x has rows of different lengths")
    _require(0 < width <= MAX_CHANNELS, f"rows of {width} values are too short or too long")
    return _numbers("x", value, chain.from_iterable(value))


def _stamps(fields: dict[str, Any], rows: int) -> Array | None:
    if "t" not in fields:
        return None
    clock = fields.get("clock", "lsl")
    _require(clock == "lsl", f"clock is {_shown(clock)}, not 'lsl'")
    stamps = fields["t"]
    if not isinstance(stamps, list):
        raise WireError(f"t is {_shown(stamps)}, not a list")
    t = _numbers("t", stamps, stamps)
    _require(len(t) == rows, f"t has {len(t)} stamps, but x has {rows} rows")
    _require(bool(np.isfinite(t).all()), "t has a stamp that is not finite")
    return t


def _numbers(name: str, value: list[Any], items: Iterable[object]) -> Array:
    """Return numbers as an array; their types are looked at first, as text would fill memory."""
    _require(set(map(type, items)) <= {int, float}, f"{name} holds something that is not a number")
    return np.array(value, dtype=np.float64)
