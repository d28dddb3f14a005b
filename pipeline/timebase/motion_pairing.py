"""The motion of a limb and what is measured on it, brought onto the times of the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from pipeline.streams.base import Array, Chunk
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
    """Brings angles, velocities, accelerations and measured torque onto the times of rows.

    Takes the place of `ReferencePairing` where no moment is measured. A time is reached once every
    stream has passed it. An acceleration is that of the angles, unless it is measured itself.

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

    def push_reference(self, chunk: Chunk) -> None:
        """Take a chunk of one of `streams`, in SI units."""
        if chunk.stream == "angles":
            self._differentiator.push(chunk)
        else:
            self._measured[chunk.stream].samples.push(chunk)

    def reached(self, t: Array) -> int:
        """Return how many of the rising times `t`, s, every stream has passed by now."""
        measured = (one.samples.reached(t) for one in self._measured.values())
        return min((self._differentiator.reached(t), *measured))

    def at(self, t: Array) -> Array:
        """Return the motion at rising times that have been reached, none earlier than before.

        Returns
        -------
        Array
            Angle, rad, velocity, acceleration, and measured torque, N*m, shape
            [n, 4, coordinate]; NaN where there is a gap.
        """
        motion = np.tile(self._still, (len(t), 1, 1))
        motion[:, : ACCELERATION + 1, self._to] = self._differentiator.at(t)[:, :, self._from]
        for key, (place, _, samples) in self._measured.items():
            motion[:, place, self._joints[key]] = samples.at(t)
        return motion
