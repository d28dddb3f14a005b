"""The moments of one tick as a datagram of fixed layout, for what reads no msgpack.

Little-endian, without gaps: Simulink, TwinCAT and microcontrollers take it as a structure.
`tools/clients/hillstream_datagram.h` is the same in C, docs/udp.md the same for people. There are
two layouts, told apart by version and size: the second has the stiffness besides.

======  =======  ====================================================================
offset  type     field
======  =======  ====================================================================
0       char[4]  magic: ``HSTM``
4       uint16   version of this layout: 1 or 2
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
58      uint16   flags: bit 0 t is known, bit 1 deviations are known, bit 2 stiffness is
60      float32  moment[16], N*m; 0 beyond the joints in use
124     float32  deviation[16], N*m; 0 while flag 1 is off
188     float32  version 2 only: stiffness[16], N*m/rad; 0 while flag 2 is off
188     uint32   CRC-32 (as in zlib and Ethernet) of all bytes before; at 252 in version 2
======  =======  ====================================================================
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np

from pipeline.output.message import MomentMessage, Status

MAGIC = b"HSTM"
VERSIONS = (1, 2)
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
_COMMON = f"<4sHBBQQdddIfHH{MOST_JOINTS}f{MOST_JOINTS}f"
LAYOUTS = {1: struct.Struct(_COMMON), 2: struct.Struct(f"{_COMMON}{MOST_JOINTS}f")}
"""By version, all but the checksum."""
CHECKSUM = struct.Struct("<I")
SIZES = {version: layout.size + CHECKSUM.size for version, layout in LAYOUTS.items()}
_T_KNOWN, _DEVIATION_KNOWN, _STIFFNESS_KNOWN = 1, 2, 4
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
    stiffness: tuple[float, ...] | None
    """None where it is not known, and in version 1."""


def session_number(session: str) -> int:
    """Return a session's name as a number."""
    return int.from_bytes(session.encode()[-8:], "little")


def encode(message: MomentMessage, version: int = 1) -> bytes:
    """Return the datagram that carries a message.

    Raises
    ------
    ValueError
        If there are more joints than fit.
    """
    joints = len(message.moment)
    if joints > MOST_JOINTS:
        raise ValueError(f"a datagram holds {MOST_JOINTS} joints, not {joints}")
    stiffness = message.stiffness if version > 1 else None
    known = (
        _T_KNOWN * (message.t is not None)
        + _DEVIATION_KNOWN * (message.sd is not None)
        + _STIFFNESS_KNOWN * (stiffness is not None)
    )
    body = LAYOUTS[version].pack(
        MAGIC,
        version,
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
        known,
        *_filled(message.moment),
        *_filled(message.sd or ()),
        *(_filled(stiffness or ()) if version > 1 else ()),
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
    version = next((v for v, size in SIZES.items() if size == len(frame)), None)
    if version is None:
        raise DatagramError(
            f"{len(frame)} bytes instead of {' or '.join(map(str, SIZES.values()))}"
        )
    body, (checksum,) = frame[: -CHECKSUM.size], CHECKSUM.unpack(frame[-CHECKSUM.size :])
    if zlib.crc32(body) != checksum:
        raise DatagramError("the checksum is wrong")
    magic, told, status, joints, session, seq, t, published, until, pv, age, ok, flags, *rest = (
        LAYOUTS[version].unpack(body)
    )
    if magic != MAGIC or told != version:
        raise DatagramError(f"magic {magic!r}, version {told} in {len(frame)} bytes")
    if status >= len(STATUSES) or joints > MOST_JOINTS:
        raise DatagramError(f"status {status}, {joints} joints")
    if not np.isfinite([t, published, until, age, *rest]).all():
        raise DatagramError("a number is not finite")
    moment, deviation, stiffness = (
        tuple(rest[start : start + joints]) for start in range(0, 3 * MOST_JOINTS, MOST_JOINTS)
    )
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
        moment=moment,
        deviation=deviation if flags & _DEVIATION_KNOWN else None,
        stiffness=stiffness if version > 1 and flags & _STIFFNESS_KNOWN else None,
    )
