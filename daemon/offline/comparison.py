"""A prediction beside what it has to beat: the uncalibrated person, and the reference's mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from daemon.assembly.model import model_in_use
from daemon.assembly.pipeline import build_pipeline
from daemon.assembly.streams import stream_specs
from daemon.assembly.subject import unknown_person
from daemon.config import Config
from daemon.live.scoreboard import Scoreboard
from pipeline.live import Paired
from pipeline.streams.recordings.recording import Recording
from pipeline.streams.recordings.replay import replay

Array = NDArray[np.float64]

_SLICE_S = 1.0
"""What the uncalibrated person does depends on no update, so that long slices give the same rows
in a fraction of the time."""
_SAME_S = 1e-6
"""Times of the grid that are no further apart are the same, s."""


class Uncalibrated(NamedTuple):
    """What the live pipeline predicts of the person of the model file, without any learning."""

    t: Array
    """Times of the paired rows, s, shape [n]."""
    moment: Array
    """N*m, shape [n, dof]."""

    @classmethod
    def along(cls, config: Config, recording: Recording) -> Self:
        """Predict a whole recording."""
        chain = build_pipeline(config, unknown_person(config, model_in_use(config)))
        t, moment = [np.zeros(0)], [np.zeros((0, len(config.model.dofs)))]
        for chunk in replay(recording, stream_specs(config), _SLICE_S):
            chain.push(chunk)
            chain.predict()
            paired = chain.pair()
            if paired is not None:
                t.append(paired.rows.t)
                moment.append(paired.predicted)
        return cls(np.concatenate(t), np.concatenate(moment))

    def at(self, t: Array) -> Array:
        """Return the moments of some of the rows, shape [n, dof]; NaN at times of no row."""
        places = np.searchsorted(self.t, t - _SAME_S)
        found = places < len(self.t)
        found[found] = np.abs(self.t[places[found]] - t[found]) <= _SAME_S
        moment = np.full((len(t), self.moment.shape[1]), np.nan)
        moment[found] = self.moment[places[found]]
        return moment


class Comparison:
    """Scores of a prediction, and on the same samples those of what it has to beat.

    Parameters
    ----------
    dofs
        Names of the joints.
    """

    def __init__(self, dofs: Sequence[str]) -> None:
        self._predicted = Scoreboard(dofs)
        self._uncalibrated = Scoreboard(dofs)

    def add(self, paired: Paired, uncalibrated: Array) -> None:
        """Count rows whose reference has come, with the moments of the uncalibrated person."""
        if len(paired.rows.t):
            self._predicted.add(paired)
            self._uncalibrated.add(replace(paired, predicted=uncalibrated))

    def per_second(self) -> dict[str, object]:
        """Return the errors of every second, ``rmse`` {dof: [N*m, None without reference]}."""
        board = self._predicted
        spreads = [board.spread(second, second + 1) for second in range(board.seconds)]
        return {
            "rmse": board.per_second(),
            "rmse_uncalibrated": self._uncalibrated.per_second(),
            "rmse_of_mean": {dof: [one[dof] for one in spreads] for dof in board.dofs},
        }

    def over(self, name: str, start: int = 0) -> dict[str, object]:
        """Return the scores from second `start` on, as ``rmse_NAME`` {dof: N*m} and so on."""
        return {
            f"rmse_{name}": self._predicted.rmse(start),
            f"r2_{name}": self._predicted.r2(start),
            f"inside_2sd_{name}": self._predicted.inside_2sd(start),
            f"rmse_{name}_uncalibrated": self._uncalibrated.rmse(start),
            f"rmse_{name}_of_mean": self._predicted.spread(start),
        }
