"""The moments of one tick as a datagram of fixed layout, for what reads no msgpack.

Little-endian, 192 bytes, without gaps: Simulink, TwinCAT and microcontrollers take it as a
structure. `tools/clients/hillstream_datagram.h` is the same in C, docs/udp.md the same for people.

======  =======  ====================================================================
offset  type     field
======  =======  ====================================================================
0       char[4]  magic: ``HSTM``
4       uint16   version of this layout: 1
6       uint8    status: place in `STATUSES`, to which new ones are appended
7       uint8    joints that are in use, at most 16
8       uint64   session: names one run of the predictor
16      uint64   seq: 0 for the session's first, then one more each
24      float64  t: time of the newest EMG used, s; 0 while flag 0 is off
32      float64  t_published, s
40      float64  valid_until: not to be used after this time, s
48      uint32   parameter version
52      float32  age of the parameters, s
56      uint16   ok: bit i tells whether joint i may be used
58      uint16   flags: bit 0 t is known, bit 1 deviations are known
60      float32  moment[16], N*m; 0 beyond the joints in use
124     float32  deviation[16], N*m; 0 while flag 1 is off
188     uint32   CRC-32 (as in zlib and Ethernet) of all bytes before
======  =======  ====================================================================
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np

from pipeline.output.message import MomentMessage, Status

MAGIC = b"HSTM"
VERSION = 1
MOST_JOINTS = 16
STATUSES = (
    Status.STARTING,
    Status.NOMINAL,
    Status.DEGRADED,
    Status.STALE,
    Status.FAULT,
    Status.STOPPED,
    Status.CALIBRATING,
)
LAYOUT = struct.Struct(f"<4sHBBQQdddIfHH{MOST_JOINTS}f{MOST_JOINTS}f")
"""All but the checksum."""
CHECKSUM = struct.Struct("<I")
SIZE = LAYOUT.size + CHECKSUM.size
_T_KNOWN, _DEVIATION_KNOWN = 1, 2
_LARGEST = float(np.finfo(np.float32).max)


class DatagramError(ValueError):
    """Bytes that are not a datagram of this layout; the text says why."""


@dataclass(frozen=True)
class Datagram:
    """What a datagram says; vectors have one value per joint in use."""

    status: Status
    session: int
    seq: int
    t: float | None
    t_published: float
    valid_until: float
    parameter_version: int
    parameter_age_s: float
    ok: tuple[bool, ...]
    moment: tuple[float, ...]
    deviation: tuple[float, ...] | None


def session_number(session: str) -> int:
    """Return a session's name as a number."""
    return int.from_bytes(session.encode()[-8:], "little")


def encode(message: MomentMessage) -> bytes:
    """Return the datagram that carries a message.

    Raises
    ------
    ValueError
        If there are more joints than fit.
    """
    joints = len(message.moment)
    if joints > MOST_JOINTS:
        raise ValueError(f"a datagram holds {MOST_JOINTS} joints, not {joints}")
    deviation = () if message.sd is None else message.sd
    body = LAYOUT.pack(
        MAGIC,
        VERSION,
        STATUSES.index(message.status),
        joints,
        session_number(message.session),
        message.seq,
        0.0 if message.t is None else message.t,
        message.t_published,
        message.valid_until,
        message.parameter_version & 0xFFFFFFFF,
        message.parameter_age_s,
        sum(ok << i for i, ok in enumerate(message.ok)),
        _T_KNOWN * (message.t is not None) + _DEVIATION_KNOWN * (message.sd is not None),
        *_filled(message.moment),
        *_filled(deviation),
    )
    return body + CHECKSUM.pack(zlib.crc32(body))


def _filled(values: tuple[float, ...]) -> list[float]:
    """Return the values and zeros; what float32 cannot hold becomes its largest number."""
    within = [min(max(value, -_LARGEST), _LARGEST) for value in values]
    return within + [0.0] * (MOST_JOINTS - len(within))


def decode(frame: bytes) -> Datagram:
    """Return what a datagram says.

    Raises
    ------
    DatagramError
        If it is none, of another version, or damaged.
    """
    if len(frame) != SIZE:
        raise DatagramError(f"{len(frame)} bytes instead of {SIZE}")
    body, (checksum,) = frame[: LAYOUT.size], CHECKSUM.unpack(frame[LAYOUT.size :])
    if zlib.crc32(body) != checksum:
        raise DatagramError("the checksum is wrong")
    magic, version, status, joints, session, seq, t, published, until, pv, age, ok, flags, *rest = (
        LAYOUT.unpack(body)
    )
    if magic != MAGIC or version != VERSION:
        raise DatagramError(f"magic {magic!r}, version {version}")
    if status >= len(STATUSES) or joints > MOST_JOINTS:
        raise DatagramError(f"status {status}, {joints} joints")
    if not np.isfinite([t, published, until, age, *rest]).all():
        raise DatagramError("a number is not finite")
    known = flags & _DEVIATION_KNOWN
    return Datagram(
        status=STATUSES[status],
        session=session,
        seq=seq,
        t=t if flags & _T_KNOWN else None,
        t_published=published,
        valid_until=until,
        parameter_version=pv,
        parameter_age_s=age,
        ok=tuple(bool(ok >> i & 1) for i in range(joints)),
        moment=tuple(rest[:joints]),
        deviation=tuple(rest[MOST_JOINTS : MOST_JOINTS + joints]) if known else None,
    )
