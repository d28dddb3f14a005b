"""The binary frame that the page gets: a JSON header, and float32 arrays behind it.

A frame is a little-endian uint32, the length of the header; the header in UTF-8; zeros up to a
multiple of four bytes; then the arrays that the header's ``arrays`` lists as ``[name, shape]``,
one after the other, in little-endian float32. NaN in an array means that there is nothing; in
the header, null.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_LENGTH = struct.Struct("<I")
_ALIGNMENT = 4


def encode(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]] | None = None) -> bytes:
    """Return the frame.

    Parameters
    ----------
    header
        What JSON can hold; ``arrays`` is added. Numbers that are not finite become null.
    arrays
        By name, in the order in which they are written; any shape.
    """
    listed = [(name, np.asarray(array, dtype="<f4")) for name, array in (arrays or {}).items()]
    told = {**_known(header), "arrays": [[name, list(array.shape)] for name, array in listed]}
    text = json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode()
    padding = bytes(-len(text) % _ALIGNMENT)
    return b"".join(
        (_LENGTH.pack(len(text)), text, padding, *(array.tobytes() for _, array in listed))
    )


def decode(frame: bytes) -> tuple[dict[str, Any], dict[str, Floats]]:
    """Return header and arrays of a frame; raises ValueError if it is none."""
    if len(frame) < _LENGTH.size:
        raise ValueError(f"a frame of {len(frame)} bytes has no header")
    (length,) = _LENGTH.unpack_from(frame)
    header = json.loads(frame[_LENGTH.size : _LENGTH.size + length])
    offset = _LENGTH.size + length + -length % _ALIGNMENT
    arrays = {}
    for name, shape in header["arrays"]:
        count = math.prod(shape)
        arrays[name] = np.frombuffer(frame, "<f4", count, offset).reshape(shape)
        offset += 4 * count
    if offset != len(frame):
        raise ValueError(f"a frame of {len(frame)} bytes announces {offset}")
    return header, arrays


def _known(value: Any) -> Any:
    """Return JSON-like data with None for every number that is not finite."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _known(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_known(item) for item in value]
    return value
