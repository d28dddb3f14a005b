"""Many calibrations on recordings, those of one shape as one tensor."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import psutil
import torch

from daemon.assembly.calibrator import compute_device
from daemon.config import Config
from daemon.offline.beginning import Beginning, beginnings
from daemon.offline.calibrate import CalibrationRequest, Given, Result, calibrate, not_finite
from pipeline.calibrate.batch.capacity import members_that_fit
from pipeline.calibrate.batch.descent import Found, descend_together
from pipeline.calibrate.batch.objective import ObjectiveTogether
from pipeline.calibrate.batch.side_by_side import side_by_side
from pipeline.calibrate.loss import Trials
from pipeline.calibrate.offline import DescentSettings, Watch
from pipeline.errors import UserError
from pipeline.model.arithmetic import set_up_arithmetic
from pipeline.model.curve_choice import CurveChoice
from pipeline.model.parameters import SpacesTogether
from pipeline.model.subject import Subject

MOST_ON_CPU = 16
"""Members of a tensor on a processor; more leave its caches and take longer each."""
SHARE_OF_MEMORY = 0.5
"""Of the memory that is free, what may be filled."""
SIZES_PER_DOUBLING = 3
"""Lengths of data that lie this close are calibrated together; the shorter ones are filled up."""
_READING = 0.5
"""Share of the work that is done once a recording is read."""


@dataclass(frozen=True)
class Member:
    """One calibration of many.

    Parameters
    ----------
    name
        What it is called.
    config
        Its set-up, whose paths are resolved.
    request
        What to calibrate on and what to score.
    """

    name: str
    config: Config
    request: CalibrationRequest


Outcome = tuple[Subject, Result] | UserError
"""What `daemon.offline.calibrate.calibrate` returns, or why there is nothing."""


class Shape(NamedTuple):
    """What members that are calibrated as one tensor have in common."""

    labels: tuple[str, ...]
    muscles: tuple[str, ...]
    dofs: int
    curves: CurveChoice
    rigid: tuple[bool, ...]
    rate_hz: float
    device: str
    threads: int
    starts: int
    """Starts that are searched from; 0 where the start is known."""
    trials: int
    samples: int
    """Numbers of trials and of samples of each, as steps of their logarithm."""

    @classmethod
    def of(cls, given: Given) -> Shape:
        """Return the shape of a calibration."""
        known, config = given.opening, given.config
        space, count = known.space, known.trials.length.shape
        return cls(
            tuple(map(str, space.labels)),
            space.prior.muscles,
            len(config.model.dofs),
            space.prior.curves,
            space.prior.rigid,
            config.model.rate_hz,
            compute_device(config),
            config.calibrator.threads,
            len(known.stranger.beginnings()) if known.start is None else 0,
            _size(count[0]),
            _size(count[-1]),
        )


def _size(count: int) -> int:
    return math.ceil(SIZES_PER_DOUBLING * math.log2(count))


def calibrate_together(
    members: Sequence[Member], on_progress: Watch | None = None
) -> list[Outcome]:
    """Calibrate members, those of one model shape as one tensor.

    Recordings are read one after the other, and as many are held as are calibrated together.

    Parameters
    ----------
    members
        What to calibrate. Other methods than ``adamw`` are done one by one.
    on_progress
        Called with the fraction done and the mean loss of those at work, NaN before the first.

    Returns
    -------
    list
        An outcome each, in their order; one's failure is never another's.
    """
    work = _Work(len(members), on_progress)
    for place, member in enumerate(members):
        try:
            work.take(place, member)
        except UserError as error:
            work.end(place, error)
    work.finish()
    return [work.outcomes[place] for place in range(len(members))]


class _Work:
    """What has been done, and what waits for others of its shape."""

    def __init__(self, count: int, on_progress: Watch | None) -> None:
        self.outcomes: dict[int, Outcome] = {}
        self._count, self._tell = count, on_progress
        self._waiting: dict[Shape, dict[int, Given]] = {}
        self._loss = math.nan

    def take(self, place: int, member: Member) -> None:
        """Read a member's recordings; calibrate it once enough others of its shape are read."""
        config, request = member.config, member.request
        set_up_arithmetic(config.calibrator.threads)
        if request.method != "adamw":
            self.end(place, calibrate(config, request))
            return
        given = Given.read(config, request)
        shape = Shape.of(given)
        group = self._waiting.setdefault(shape, {})
        group[place] = given
        self._progress(0.0)
        if len(group) >= most_together(group.values(), shape):
            self._calibrate(shape)

    def finish(self) -> None:
        """Calibrate all that still wait."""
        for shape in list(self._waiting):
            self._calibrate(shape)

    def end(self, place: int, outcome: Outcome) -> None:
        """Take down what has become of a member."""
        self.outcomes[place] = outcome
        self._progress(0.0)

    def _calibrate(self, shape: Shape) -> None:
        group = self._waiting[shape]
        set_up_arithmetic(shape.threads)

        def watch(done: float, loss: float) -> None:
            self._loss = loss
            self._progress(done * len(group))

        found = calibrated(list(group.values()), watch)
        del self._waiting[shape]
        self.outcomes.update(zip(group, found, strict=True))
        self._progress(0.0)

    def _progress(self, calibrated: float) -> None:
        if self._tell:
            read = sum(map(len, self._waiting.values()))
            done = len(self.outcomes) + _READING * read + (1.0 - _READING) * calibrated
            self._tell(done / self._count, self._loss)


def most_together(group: Collection[Given], shape: Shape) -> int:
    """Return how many calibrations like these are done as one tensor."""
    largest = max((given.opening.trials for given in group), key=lambda t: t.length.numel())
    return at_once(largest, shape.starts, shape.device)


def at_once(largest: Trials, starts: int, device: str) -> int:
    """Return how many calibrations fit one tensor, of which the largest is given.

    Parameters
    ----------
    largest
        Its data.
    starts
        Starts that are searched from; 0 where the start is known.
    device
        Where it is computed.
    """
    fit = members_that_fit(largest, starts, int(SHARE_OF_MEMORY * _free(device)))
    return fit if device == "cuda" else min(fit, MOST_ON_CPU)


def _free(device: str) -> int:
    """Return the bytes that are free where it is computed."""
    return torch.cuda.mem_get_info()[0] if device == "cuda" else psutil.virtual_memory().available


def calibrated(group: Sequence[Given], watch: Watch | None = None) -> list[Outcome]:
    """Calibrate members of one shape as one tensor, and score them."""
    settings = DescentSettings()
    begun = beginnings([given.opening for given in group], settings)
    found = descended(begun, group[0].config.model.rate_hz, settings, watch)
    return [_outcome(*one) for one in zip(group, begun, found, strict=True)]


def descended(
    begun: Sequence[Beginning],
    rate_hz: float,
    settings: DescentSettings,
    watch: Watch | None = None,
) -> list[Found]:
    """Return what is found from beginnings of one shape, as one tensor, an entry for each."""
    objective = ObjectiveTogether(
        SpacesTogether([one.space for one in begun]),
        side_by_side([one.trials for one in begun]),
        1.0 / rate_hz,
        settings,
    )
    starts = torch.stack([one.vector for one in begun])
    return descend_together(objective, starts, settings, watch)


def _outcome(given: Given, begun: Beginning, found: Found) -> Outcome:
    if isinstance(found, FloatingPointError):
        return not_finite(found)
    try:
        return given.told(begun, found)
    except UserError as error:
        return error
