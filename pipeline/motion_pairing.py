"""The motion of a limb and the torque measured on it, brought onto the times of the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.buffer import SampleBuffer
from pipeline.differentiate import Differentiator
from pipeline.pairing import ReferencePairing
from pipeline.streams.base import Array, Chunk


class MotionPairing:
    """Pairs row times with angles, velocities, accelerations and measured torque.

    Takes the place of `ReferencePairing` where no moment is measured.

    Parameters
    ----------
    coordinates
        The limb's coordinates, in the order of the result.
    angles
        Channels of the stream ``angles``.
    fixed_rad
        Angles of coordinates that no stream carries, rad; they do not move.
    differentiator
        What makes accelerations of the angles.
    external
        Brings the stream ``external`` onto times; None where no torque is measured.
    torques
        The coordinates that the channels of ``external`` act on.
    capacity
        Most waiting times that are held.
    """

    streams = ("angles", "external")
    column = "motion"
    """The column of the rows that it fills."""

    def __init__(
        self,
        coordinates: Sequence[str],
        angles: Sequence[str],
        fixed_rad: Mapping[str, float],
        differentiator: Differentiator,
        external: ReferencePairing | None,
        torques: Sequence[str],
        capacity: int,
    ) -> None:
        moving = [name for name in coordinates if name in angles]
        self._from = [list(angles).index(name) for name in moving]
        self._to = [list(coordinates).index(name) for name in moving]
        self._pushed = [list(coordinates).index(name) for name in torques]
        self._still = np.zeros((4, len(coordinates)))
        self._still[0] = [fixed_rad.get(name, 0.0) for name in coordinates]
        self._differentiator, self._external = differentiator, external
        self._times = SampleBuffer(capacity, 0)
        self._known = SampleBuffer(capacity, self._still.size)

    def push_reference(self, chunk: Chunk) -> None:
        """Take a chunk of the stream ``angles`` (rad) or ``external`` (N*m)."""
        if chunk.stream == "angles":
            self._differentiator.push(chunk)
        elif self._external is not None:
            self._external.push_reference(chunk)

    def push_times(self, t: Array) -> None:
        """Take the times of new rows, shape [n], s, increasing."""
        self._times.push(t, np.empty((len(t), 0)))

    def paired(self) -> tuple[Array, Array]:
        """Return the waiting times that angles and torque have passed, and the motion then.

        Returns
        -------
        t
            Shape [n], s; each time is returned once.
        motion
            Angle, rad, velocity, acceleration, and measured torque, N*m, shape
            [n, 4, coordinate]; NaN where there is a gap.
        """
        self._differentiate()
        if self._external is None:
            t, torque = self._known.t.copy(), np.empty((len(self._known), 0))
        else:
            t, torque = self._external.paired()
        motion = self._known.x[: len(t)].reshape(-1, *self._still.shape).copy()
        motion[:, 3, self._pushed] = torque
        self._known.drop_until(len(t))
        return t, motion

    def _differentiate(self) -> None:
        """Compute the motion at the waiting times that the angles have passed."""
        n = self._differentiator.reached(self._times.t)
        t = self._times.t[:n].copy()
        self._times.drop_until(n)
        motion = np.tile(self._still, (n, 1, 1))
        motion[:, :3, self._to] = self._differentiator.at(t)[:, :, self._from]
        self._known.push(t, motion.reshape(n, self._still.size))
        if self._external is not None:
            self._external.push_times(t)
