"""Paired rows as few bytes, without the loss of a digit."""

from __future__ import annotations

import zlib
from itertools import pairwise
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from daemon.ipc.messages import Block, LinkMessage
from pipeline.timebase.rows import PairedRows

MOST_ROWS = 200
"""More rows do not travel in one message."""
MOST_BYTES = 32 * 2**20
"""Nor do rows that unpack to more than this."""
_LEVEL = 1
"""zlib's fastest: higher ones save a hundredth of the bytes at several times the work."""
_FLOATS = ("t", "excitation", "length", "moment_arm", "moment", "motion")
_MOTION = 4
"""Angle, velocity, acceleration and torque of a coordinate."""
Count = Annotated[int, Field(ge=0, le=10_000)]


class PackedRows(LinkMessage):
    """Rows on their way to a calibrator elsewhere.

    Of doubles that follow a movement the first bytes change little from one to the next: all first
    bytes stand together, then all second ones, and so on, and are then compressed.
    """

    topic: ClassVar[str] = "packed"
    rows: Annotated[int, Field(ge=1, le=MOST_ROWS)]
    muscles: Count
    dofs: Count
    coordinates: Count
    """Of a limb whose motion is the reference; 0 where the reference is a moment."""
    numbers: Block
    flags: Block
    """`valid` and `measured`, a bit each."""

    @classmethod
    def of(cls, rows: PairedRows) -> PackedRows:
        """Return the message that carries rows."""
        count, muscles = rows.excitation.shape
        columns = [getattr(rows, name).ravel() for name in _FLOATS]
        numbers = np.concatenate(columns).astype("<f8", copy=False)
        planes = numbers.view(np.uint8).reshape(-1, 8).T.tobytes()
        return cls(
            rows=count,
            muscles=muscles,
            dofs=rows.moment.shape[1],
            coordinates=rows.motion.shape[2],
            numbers=zlib.compress(planes, _LEVEL),
            flags=np.packbits(np.concatenate((rows.valid, rows.measured.ravel()))).tobytes(),
        )

    def unpacked(self) -> PairedRows:
        """Return the rows; raises ValueError if these are none."""
        shapes = self._shapes()
        sizes = [int(np.prod(shape)) for shape in shapes]
        numbers = _doubles(self.numbers, sum(sizes))
        ends = np.cumsum([0, *sizes])
        columns = {
            name: numbers[start:end].reshape(shape)
            for name, shape, (start, end) in zip(_FLOATS, shapes, pairwise(ends), strict=True)
        }
        if not all(np.isfinite(columns[name]).all() for name in _FLOATS[:4]):
            raise ValueError("times, excitations, lengths or moment arms are not finite")
        flags = self._flags()
        return PairedRows(
            **columns,
            valid=flags[: self.rows],
            measured=flags[self.rows :].reshape(self.rows, self.muscles),
        )

    def _shapes(self) -> list[tuple[int, ...]]:
        n, muscles, dofs = self.rows, self.muscles, self.dofs
        moving = n if self.coordinates else 0
        motion = (moving, _MOTION, self.coordinates)
        return [(n,), (n, muscles), (n, muscles), (n, dofs, muscles), (n, dofs), motion]

    def _flags(self) -> NDArray[np.bool_]:
        count = self.rows * (1 + self.muscles)
        if len(self.flags) != -(-count // 8):
            raise ValueError(f"{len(self.flags)} bytes of flags for {count} of them")
        return np.unpackbits(np.frombuffer(self.flags, np.uint8), count=count).astype(bool)


def _doubles(packed: bytes, count: int) -> NDArray[np.float64]:
    """Return so many numbers; ValueError where the bytes hold fewer or more."""
    size = 8 * count
    if size > MOST_BYTES:
        raise ValueError(f"{size} bytes of rows, more than the {MOST_BYTES} that are unpacked")
    decompressor = zlib.decompressobj()
    try:
        planes = decompressor.decompress(packed, size + 1)
    except zlib.error as error:
        raise ValueError(f"rows that do not unpack: {error}") from error
    if len(planes) != size:
        raise ValueError(f"{len(planes)} bytes where {size} were announced")
    return np.frombuffer(planes, np.uint8).reshape(8, -1).T.copy().view("<f8").ravel()
