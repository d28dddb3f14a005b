"""What the muscles do as rows of a session: stiffness of joints, forces and shares of muscles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.session.log import SessionLog
from pipeline.model.quantities import QUANTITIES
from pipeline.timebase.pace import Pace

Array = NDArray[np.float64]

MOMENT_RATE_HZ = 20.0
"""All curves are kept at this rate at most; residuals are of every row."""


class MuscleRows:
    """Fills the tables ``stiffness``, ``muscle`` and ``muscle_moment``.

    Parameters
    ----------
    log
        Where to write.
    dofs, muscles
        Names of joints and muscles.
    muscles_hz
        Rate at which what the muscles do is wanted, Hz; more than `MOMENT_RATE_HZ` is not kept.
    """

    def __init__(
        self, log: SessionLog, dofs: Sequence[str], muscles: Sequence[str], muscles_hz: float
    ) -> None:
        self._log, self._dofs, self._muscles = log, dofs, muscles
        self._stiffness_pace = Pace(MOMENT_RATE_HZ)
        self._muscle_pace = Pace(min(muscles_hz, MOMENT_RATE_HZ))

    def add(self, t: Array, stiffness: Array, states: Array) -> None:
        """Note valid rows of the model's time grid.

        Parameters
        ----------
        t
            s, shape [n].
        stiffness
            Of the joints, N*m/rad, shape [n, dof].
        states
            What each muscle does, the table of `muscle_states`, shape [n, row, muscle]; without
            rows where it is not known.
        """
        for time, of_joints, table in zip(t.tolist(), stiffness.tolist(), states, strict=True):
            if self._stiffness_pace.due(time):
                for dof, value in zip(self._dofs, of_joints, strict=True):
                    self._log.add("stiffness", time, dof, value)
            if len(table) and self._muscle_pace.due(time):
                self._add_states(time, table.T.tolist())

    def _add_states(self, t: float, table: list[list[float]]) -> None:
        """Note each muscle's row, and its moments about the joints that it crosses."""
        told = len(QUANTITIES)
        for muscle, values in zip(self._muscles, table, strict=True):
            self._log.add("muscle", t, muscle, *values[:told])
            for dof, moment in zip(self._dofs, values[told:], strict=True):
                if moment:
                    self._log.add("muscle_moment", t, muscle, dof, moment)
