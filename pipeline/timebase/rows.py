"""Rows of the model's time grid, alone and with their reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NO_MOTION: Array = np.empty((0, 4, 0))
"""The motion of rows whose reference is a moment."""


class PairedRows(NamedTuple):
    """Rows of the model's time grid together with their reference.

    Parameters
    ----------
    t
        Time, s on the LSL clock, shape [n].
    excitation
        Excitation of each muscle, shape [n, muscle]; it acts an electromechanical delay later, of
        which the envelope's own delay is a part.
    length
        Muscle-tendon length, m, shape [n, muscle].
    moment_arm
        m, shape [n, dof, muscle].
    moment
        Reference, N*m, shape [n, dof]; NaN where there is none.
    valid
        False where a row may not be learnt from, shape [n].
    measured
        Which excitations electrodes have recorded; the others are synthesised, or zero where
        nothing is known. Shape [n, muscle].
    motion
        Where the reference is a motion: angle, velocity, acceleration and measured torque of the
        limb's coordinates, the model's DOFs first; NaN where there is none. SI units, shape
        [n, 4, coordinate], or `NO_MOTION`.
    """

    t: Array
    excitation: Array
    length: Array
    moment_arm: Array
    moment: Array
    valid: NDArray[np.bool_]
    measured: NDArray[np.bool_]
    motion: Array = NO_MOTION

    @property
    def moves(self) -> bool:
        """Whether the reference is a motion, not a moment."""
        return self.motion.size > 0

    def reference(self) -> Array:
        """Return the reference, N*m or rad/s^2, shape [n, dof]; NaN where there is none."""
        if not self.moves:
            return self.moment
        known = np.asarray(np.isfinite(self.motion).all(axis=(1, 2)))
        return np.where(known[:, None], self.motion[:, 2, : self.moment.shape[1]], np.nan)

    def part(self, chosen: slice) -> PairedRows:
        """Return some consecutive rows."""
        return PairedRows._make([column[chosen] for column in self])

    @staticmethod
    def joined(parts: Sequence[PairedRows]) -> PairedRows:
        """Return the rows of several parts, one after the other."""
        return PairedRows._make(map(np.concatenate, zip(*parts, strict=True)))


@dataclass(frozen=True)
class Rows:
    """Complete rows on the model's time grid.

    Parameters
    ----------
    t
        Grid times, shape [n], s; whole multiples of the grid step on the LSL clock.
    t_emg
        Stamp of the newest EMG sample that had to be there for the row, shape [n], s.
    excitation
        Shape [n, channel], fraction of MVC.
    angle
        Shape [n, coordinate], rad.
    valid
        Shape [n], bool; False where a row bridges a gap too long for interpolation.
    """

    t: Array
    t_emg: Array
    excitation: Array
    angle: Array
    valid: NDArray[np.bool_]
