"""The motion of a limb and what is measured on it, brought onto the times of the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from pipeline.streams.base import Array, Chunk
from pipeline.timebase.buffer import SampleBuffer
from pipeline.timebase.differentiate import Differentiator
from pipeline.timebase.pairing import Interpolator

ACCELERATION, TORQUE = 2, 3
"""Their places in a motion, after angle and velocity."""


class Measured(NamedTuple):
    """A stream that measures something of the motion beside the angles.

    Parameters
    ----------
    place
        What it measures: `ACCELERATION` or `TORQUE`.
    joints
        The coordinate that each of its channels belongs to.
    samples
        Brings the stream onto times.
    """

    place: int
    joints: Sequence[str]
    samples: Interpolator


class MotionPairing:
    """Pairs row times with angles, velocities, accelerations and measured torque.

    Takes the place of `ReferencePairing` where no moment is measured. Times wait until every
    stream has passed them. An acceleration is that of the angles, unless it is measured itself.

    Parameters
    ----------
    coordinates
        The limb's coordinates, in the order of the result.
    angles
        Channels of the stream ``angles``.
    fixed_rad
        Angles of coordinates that no stream carries, rad; they do not move.
    differentiator
        What makes velocities and accelerations of the angles.
    measured
        The other streams, by key: ``external``, ``accelerations``; those there are.
    capacity
        Most waiting times that are held; the oldest give way.
    """

    column = "motion"
    """The column of the rows that it fills."""

    def __init__(
        self,
        coordinates: Sequence[str],
        angles: Sequence[str],
        fixed_rad: Mapping[str, float],
        differentiator: Differentiator,
        measured: Mapping[str, Measured],
        capacity: int,
    ) -> None:
        self.streams = ("angles", *measured)
        """The streams that it takes chunks of."""
        places = {name: place for place, name in enumerate(coordinates)}
        moving = [name for name in coordinates if name in angles]
        self._from = [list(angles).index(name) for name in moving]
        self._to = [places[name] for name in moving]
        self._measured = measured
        self._joints = {key: [places[name] for name in one.joints] for key, one in measured.items()}
        self._still = np.zeros((4, len(coordinates)))
        self._still[0] = [fixed_rad.get(name, 0.0) for name in coordinates]
        self._differentiator = differentiator
        self._times = SampleBuffer(capacity, 0)
        self._known = SampleBuffer(capacity, self._still.size)

    def push_reference(self, chunk: Chunk) -> None:
        """Take a chunk of one of `streams`, in SI units."""
        if chunk.stream == "angles":
            self._differentiator.push(chunk)
        else:
            self._measured[chunk.stream].samples.push(chunk)

    def push_times(self, t: Array) -> None:
        """Take the times of new rows, shape [n], s, increasing."""
        self._times.push(t, np.empty((len(t), 0)))

    def paired(self) -> tuple[Array, Array]:
        """Return the waiting times that every stream has passed, and the motion then.

        Returns
        -------
        t
            Shape [n], s; each time is returned once.
        motion
            Angle, rad, velocity, acceleration, and measured torque, N*m, shape
            [n, 4, coordinate]; NaN where there is a gap.
        """
        self._differentiate()
        reached = (one.samples.reached(self._known.t) for one in self._measured.values())
        n = min((len(self._known), *reached))
        t = self._known.t[:n].copy()
        motion = self._known.x[:n].reshape(n, *self._still.shape).copy()
        self._known.drop_until(n)
        for key, (place, _, samples) in self._measured.items():
            motion[:, place, self._joints[key]] = samples.at(t)
        return t, motion

    def _differentiate(self) -> None:
        """Compute the motion at the waiting times that the angles have passed."""
        n = self._differentiator.reached(self._times.t)
        t = self._times.t[:n].copy()
        self._times.drop_until(n)
        motion = np.tile(self._still, (n, 1, 1))
        motion[:, : ACCELERATION + 1, self._to] = self._differentiator.at(t)[:, :, self._from]
        self._known.push(t, motion.reshape(n, self._still.size))
