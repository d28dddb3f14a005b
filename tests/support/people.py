"""Several made-up people, calibrated alone or together."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import torch
from offline_person import RATE_HZ, rows_of, space

from pipeline.calibrate.batch.descent import Found, descend_together
from pipeline.calibrate.batch.objective import ObjectiveTogether
from pipeline.calibrate.batch.side_by_side import side_by_side
from pipeline.calibrate.loss import Trials
from pipeline.calibrate.offline import (
    Calibration,
    CalibrationObjective,
    DescentSettings,
    cut,
    descend,
)
from pipeline.model.parameters import SpacesTogether


class One(NamedTuple):
    """A person, and the lengths of the stretches of their recording, rows."""

    seed: int
    lengths: tuple[int, ...]


@cache
def trials_of(one: One, dtype: torch.dtype = torch.float64) -> Trials:
    draw = torch.Generator().manual_seed(one.seed)
    vector = 1.6 * torch.rand(space().size, generator=draw, dtype=torch.float64) - 0.8
    stretches = [slice(60 + 90 * i, 60 + 90 * i + n) for i, n in enumerate(one.lengths)]
    rows = rows_of(space().subject(vector))
    return cut(rows, stretches, RATE_HZ, 0.3, torch.zeros((), dtype=dtype))


@cache
def alone(one: One, settings: DescentSettings, dtype: torch.dtype = torch.float64) -> Calibration:
    room = space(dtype)
    objective = CalibrationObjective(room, trials_of(one, dtype), 1.0 / RATE_HZ, settings)
    return descend(objective, room.zeros(), settings)


def together(
    trials: Sequence[Trials], settings: DescentSettings, dtype: torch.dtype = torch.float64
) -> list[Found]:
    rooms = [space(dtype) for _ in trials]
    objective = ObjectiveTogether(
        SpacesTogether(rooms), side_by_side(trials), 1.0 / RATE_HZ, settings
    )
    return descend_together(objective, torch.stack([room.zeros() for room in rooms]), settings)
