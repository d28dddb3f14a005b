"""ROS time and the LSL clock: what a stamp of one is on the other.

ROS time, unless it is simulated, is the system's wall clock: Unix time. The LSL clock is the
system's steady clock. Their difference changes whenever the wall clock is set or slewed, so it is
read anew for every conversion: a sample is of now, but for the age that it may have.
"""

from __future__ import annotations

import time

NS = 1_000_000_000
_LATEST_NS = 2**31 * NS - 1
"""The seconds of a stamp are an int32: until January 2038."""
_TRIES = 3


def wall_less_steady_ns() -> int:
    """Return ROS time less the LSL clock now, ns.

    Of three readings the one is taken between whose two looks at the steady clock the least time
    passed: a process that is put aside between two clocks would see them apart by that time.
    """
    readings = []
    for _ in range(_TRIES):
        before, wall, after = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
        readings.append((after - before, wall - (before + after) // 2))
    return min(readings)[1]


def to_ros(t: float | None) -> tuple[int, int]:
    """Return the seconds and nanoseconds in ROS time of a time on the LSL clock, s.

    Zero where there is none, as ROS has it, and the nearest possible stamp outside of 1970 to 2038.
    """
    if t is None:
        return 0, 0
    stamp = round(t * NS) + wall_less_steady_ns()
    sec, nanosec = divmod(min(max(stamp, 0), _LATEST_NS), NS)
    return sec, nanosec


def to_lsl(sec: int, nanosec: int) -> float | None:
    """Return the time on the LSL clock of a ROS stamp, s; None for zero, which is none."""
    if not sec and not nanosec:
        return None
    return (sec * NS + nanosec - wall_less_steady_ns()) / NS
