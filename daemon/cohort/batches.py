"""Calibrations that are computed together: of one model shape, as many as memory holds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from daemon.assembly.calibrator import delays, parameter_space
from daemon.assembly.model import model_in_use
from daemon.assembly.subject import prior_of, starting_subject
from daemon.cohort.cases import Case, Setup
from daemon.cohort.study import RunConfig, pieces_of
from daemon.config import Config
from pipeline.calibrate.batch.capacity import bytes_for
from pipeline.calibrate.start import Stranger

_IDLE_BYTES = 0.4e9
"""What a process takes before it computes: Python, torch, the set-up."""
_READ_BYTES = 20e6
"""A recording with its rows."""
_CYCLE_S, _WHOLE_S = 1.5, 120.0
"""Length that a gait cycle, and a recording that is taken whole, are reckoned with, s."""

_LEAST_BATCHES = 8
"""A small study is cut finer, so that several processes have work."""


@dataclass(frozen=True)
class Batch:
    """Calibrations of one set-up that are computed together."""

    cases: tuple[Case, ...]
    config: Config

    def without(self, finished: set[str]) -> Batch:
        """Return what is left of it."""
        return replace(self, cases=tuple(case for case in self.cases if case.id not in finished))


def batches_of(
    cases: Sequence[Case], setups: Mapping[str, Setup], settings: RunConfig
) -> list[Batch]:
    """Cut a study into batches, the same ones on every machine and whatever is finished."""
    shapes: dict[tuple[str, int], list[Case]] = {}
    for case in cases:
        shapes.setdefault((case.setup, _trials(case)), []).append(case)
    found = []
    for (setup, _), alike in shapes.items():
        config = setups[setup].config
        starts_of_each = _starts(config)
        each = max(_bytes(config, case, starts_of_each) for case in alike)
        size = min(_size(config, each, settings), -(-len(alike) // _LEAST_BATCHES))
        starts = range(0, len(alike), size)
        found += [Batch(tuple(alike[start : start + size]), config) for start in starts]
    return found


def _size(config: Config, each: float, settings: RunConfig) -> int:
    fitting = int((1e9 * settings.memory_gb - _IDLE_BYTES) // each)
    return max(1, min(settings.batch, fitting))


def _trials(case: Case) -> int:
    return len(pieces_of(case.kind, list(case.ranges))) * len(case.recordings)


def _starts(config: Config) -> int:
    """Return from how many starts a calibration is searched; 0 where its start is known."""
    if config.model.subject is not None:
        return 0
    model = model_in_use(config)
    subject = starting_subject(config, model)
    space = parameter_space(config, prior_of(config, model, subject), "cpu")
    return len(Stranger(space, delays(config, subject)).beginnings())


def _bytes(config: Config, case: Case, starts: int) -> float:
    """Return about how much memory a calibration needs beside the process itself."""
    longest_s = max((_seconds(config, case, *one) for one in case.ranges), default=0.0)
    steps = math.ceil((longest_s + config.calibrator.burn_in_s) * config.model.rate_hz)
    samples = _trials(case) * len(model_in_use(config).muscle_names) * steps
    needed = bytes_for(samples, len(config.model.dofs), starts)
    return _READ_BYTES * len(case.recordings) + needed


def _seconds(config: Config, case: Case, start: float, stop: float) -> float:
    """Return about how long a range is, s."""
    if case.kind == "cycles":
        return _CYCLE_S
    moments = config.streams.moments
    rate_hz = moments.rate_hz if case.kind == "frames" and moments else 1.0
    return min((stop - start) / rate_hz, _WHOLE_S)
