"""The simulated lab's hidden moments against the daemon's predictions: a comparison afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon.session.reader import open_session
from pipeline.metrics import known, rms_of_known

Array = NDArray[np.float64]

FIRST_S, LAST_S = 5.0, 10.0
"""Seconds at the start and at the end that are compared, as in the summary of a run."""


@dataclass(frozen=True)
class TrueMoments:
    """The muscles' true joint moments, which no sensor shows.

    Parameters
    ----------
    dofs
        Joints.
    t
        Times, s on the LSL clock, shape [n], increasing.
    moment
        N*m, shape [n, dof].
    """

    dofs: tuple[str, ...]
    t: Array
    moment: Array

    def save(self, path: Path) -> None:
        """Write them as .npz."""
        np.savez(path, dofs=np.array(self.dofs), t=self.t, moment=self.moment)

    @classmethod
    def load(cls, path: Path) -> TrueMoments:
        """Read what `save` wrote."""
        with np.load(path) as content:
            dofs = tuple(str(dof) for dof in content["dofs"])
            return cls(dofs, content["t"], content["moment"])

    def against(self, session: Path) -> dict[str, dict[str, float | None]]:
        """Compare the moments that a session has recorded as predicted.

        Returns
        -------
        dict
            ``rmse_first`` (the first 5 s), ``rmse_last`` (the last 10 s) and ``rms_last`` of the
            true moments themselves, each {dof: N*m, None where nothing is known}.
        """
        found: dict[str, dict[str, float | None]] = {}
        with open_session(session) as database:
            query = "SELECT t, predicted FROM moment WHERE dof = ? ORDER BY t"
            for i, dof in enumerate(self.dofs):
                rows = np.array(database.execute(query, (dof,)).fetchall(), dtype=np.float64)
                for name, value in self._compared(i, rows.reshape(-1, 2)).items():
                    found.setdefault(name, {})[dof] = value
        return found

    def _compared(self, dof: int, rows: Array) -> dict[str, float | None]:
        t, predicted = rows[(rows[:, 0] >= self.t[0]) & (rows[:, 0] <= self.t[-1])].T
        true = np.interp(t, self.t, self.moment[:, dof])
        first, last = t < t.min(initial=np.inf) + FIRST_S, t > t.max(initial=-np.inf) - LAST_S
        error = predicted - true
        return {
            "rmse_first": known(rms_of_known(error[first])),
            "rmse_last": known(rms_of_known(error[last])),
            "rms_last": known(rms_of_known(true[last])),
        }
