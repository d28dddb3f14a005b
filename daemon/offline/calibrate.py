"""Calibration on chosen stretches of recordings, scored on stretches it has not seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from daemon.assembly.calibrator import compute_device
from daemon.assembly.model import model_in_use
from daemon.assembly.subject import starting_subject
from daemon.config import Config
from daemon.offline.beginning import Beginning, Opening, beginnings, opening
from daemon.offline.known import known, parameters_told
from daemon.offline.rows import RecordedRows, agreement
from daemon.offline.segments import Kind, Passage, passages
from daemon.offline.synergy_hybrid import Hybrid, hybrid
from pipeline.calibrate.delay import with_delay
from pipeline.calibrate.loss import Trials
from pipeline.calibrate.offline import (
    Calibration,
    CalibrationObjective,
    DescentSettings,
    Watch,
    cut,
    descend,
)
from pipeline.errors import UserError
from pipeline.model.arithmetic import set_up_arithmetic
from pipeline.model.identifiability import Confidence
from pipeline.model.subject import Subject
from pipeline.streams.recordings.given import Source
from pipeline.timebase.rows import PairedRows

Method = Literal["adamw", "annealing", "synergy"]
Result = dict[str, Any]

_APART_S = 1.0
"""Jump in time between two recordings that are calibrated on together."""


@dataclass(frozen=True)
class CalibrationRequest:
    """What to calibrate on and what to score.

    Parameters
    ----------
    recordings
        Files to calibrate on; the choice applies to each of them.
    kind, ranges
        What is chosen: ranges of gait cycles, of seconds, or of frames of the reference.
    heldout
        More files to score.
    stance
        Whether only the stances of those files are scored.
    method
        ``adamw``, ``annealing`` as programs without gradients do it, or ``synergy`` with
        synthesised excitations for the muscles that have no channel.
    budget_seconds
        Time that annealing may take, s.
    synergies
        Number of synergies; None takes as many as the variance needs.
    """

    recordings: Sequence[Source]
    kind: Kind
    ranges: Sequence[Passage]
    heldout: Sequence[Source] = ()
    stance: bool = False
    method: Method = "adamw"
    budget_seconds: float = 60.0
    synergies: int | None = None


class Learnt(RecordedRows):
    """A recording with what is learnt from it.

    Raises
    ------
    UserError
        If the recording does not have what is chosen, or no reference there.
    """

    def __init__(self, config: Config, path: Source, request: CalibrationRequest) -> None:
        super().__init__(config, path)
        self.used = passages(request.kind, request.ranges, path, self.t_reference, self.cycles)
        for used in self.used:
            part = self.part(used)
            if not np.isfinite(self.rows.moment[part]).any():
                raise UserError(
                    f"'{path}' has no valid reference from {used[0]:g} to {used[1]:g} s; choose "
                    f"other {request.kind}."
                )


def calibrate(
    config: Config, request: CalibrationRequest, on_progress: Watch | None = None
) -> tuple[Subject, Result]:
    """Calibrate and score.

    Parameters
    ----------
    config
        The set-up; it says where to start, which parameters are free, and their bounds.
    request
        What to do.
    on_progress
        Called with the fraction done and the loss.

    Returns
    -------
    tuple
        The calibrated person, and the result, whose keys docs/calibration.md explains.

    Raises
    ------
    UserError
        If the recordings do not have what is asked for, or do not fit the set-up.
    """
    set_up_arithmetic(config.calibrator.threads)
    given = Given.read(config, request)
    begun = beginnings([given.opening], DescentSettings())[0]
    return given.told(begun, *_optimised(config, begun, request, on_progress))


@dataclass(frozen=True)
class Given:
    """One calibration with its recordings read."""

    config: Config
    request: CalibrationRequest
    learnt: Sequence[Learnt]
    others: Sequence[RecordedRows]
    opening: Opening
    before: Result
    """Scores of whom it starts from."""

    @classmethod
    def read(cls, config: Config, request: CalibrationRequest) -> Given:
        """Read the recordings.

        Raises
        ------
        UserError
            If the recordings do not have what is asked for, or do not fit the set-up.
        """
        start = starting_subject(config, model_in_use(config))
        learnt = [Learnt(config, path, request) for path in request.recordings]
        others = [RecordedRows(config, path) for path in request.heldout]
        like = torch.zeros((), dtype=torch.float32, device=compute_device(config))
        trials = trials_of(config, learnt, like)
        known = opening(config, trials, learnt, request.method == "synergy")
        before = _scores(start, learnt, others, request.stance)
        return cls(config, request, learnt, others, known, before)

    def told(
        self, begun: Beginning, found: Calibration, synergies: Hybrid | None = None
    ) -> tuple[Subject, Result]:
        """Return the calibrated person and the result, scored."""
        learnt, others = self.learnt, self.others
        if synergies:
            learnt = [part.with_rows(synergies.driven(part.rows)) for part in learnt]
            others = [part.with_rows(synergies.driven(part.rows)) for part in others]
        space, subject = begun.space, begun.person(found.vector)
        sure = self._known(begun, found.vector, learnt if synergies else None)
        return subject, {
            "recordings": [part.contents for part in (*learnt, *others)],
            "loss": found.relative_error,
            "objective": found.objective,
            "seconds": found.seconds,
            "iterations": found.iterations,
            "method": self.request.method,
            "device": compute_device(self.config),
            "threads": torch.get_num_threads(),
            **_scores(subject, learnt, others, self.request.stance),
            "start": self.before,
            "parameters": parameters_told(space, subject, found.vector, sure),
            "delay_s": subject.delay_s,
            "delay_deviation_s": sure.delay_deviation_s,
            "at_bound": [str(label) for label in space.at_bound(found.vector)],
            "loss_history": found.history,
            "synergies": synergies.described() if synergies else None,
        }

    def _known(
        self, begun: Beginning, vector: Tensor, driven: Sequence[Learnt] | None
    ) -> Confidence:
        """Return how well what was found is known, on what synergies drive where they do."""
        trials, rate_hz = begun.trials, self.opening.rate_hz
        if driven is not None:
            left_s = self.opening.known.left(begun.subject)
            whole = trials_of(self.config, driven, trials.length)
            trials = with_delay(whole, left_s * rate_hz)
        return known(begun.space, vector, trials, rate_hz, self.opening.known)


def _optimised(
    config: Config, begun: Beginning, request: CalibrationRequest, on_progress: Watch | None
) -> tuple[Calibration, Hybrid | None]:
    """Return what was found, and the synergies where there are any."""
    settings = DescentSettings()
    space, start, _, trials = begun
    objective = CalibrationObjective(space, trials, 1.0 / config.model.rate_hz, settings)
    with finite_numbers():
        if request.method == "synergy":
            made = hybrid(config, space, trials, start, settings, request.synergies, on_progress)
            return made.calibration, made
        if request.method == "annealing":
            from daemon.offline.annealing import anneal

            return anneal(objective, start, request.budget_seconds, watch=on_progress), None
        return descend(objective, start, settings, on_progress), None


@contextmanager
def finite_numbers() -> Iterator[None]:
    """Tell the person where a calibration inside leaves the range of finite numbers."""
    try:
        yield
    except FloatingPointError as error:
        raise not_finite(error) from error


def not_finite(error: FloatingPointError) -> UserError:
    """Return what a person is told of a calibration that left the range of finite numbers."""
    return UserError(
        f"The calibration left the range of finite numbers ({error}); check the recordings "
        "for spikes in the reference moments."
    )


def trials_of(config: Config, learnt: Sequence[Learnt], like: Tensor) -> Trials:
    """Cut the chosen passages of all recordings into one set of trials.

    Parameters
    ----------
    like
        A tensor whose type and device the trials take.
    """
    parts, stretches, t, before = [], [], 0.0, 0
    for recorded in learnt:
        rows = recorded.rows
        # Recordings follow each other with a jump in time, so that no state is carried across.
        parts.append(rows._replace(t=rows.t - rows.t[0] + t))
        chosen = [recorded.part(passage) for passage in recorded.used]
        stretches += [slice(before + part.start, before + part.stop) for part in chosen]
        t, before = t + float(np.ptp(rows.t)) + _APART_S, before + len(rows.t)
    rate_hz, burn_in_s = config.model.rate_hz, config.calibrator.burn_in_s
    return cut(PairedRows.joined(parts), stretches, rate_hz, burn_in_s, like)


def _scores(
    subject: Subject, learnt: Sequence[Learnt], others: Sequence[RecordedRows], stance: bool
) -> Result:
    """Score a person on what was learnt from, on the rest, and on other recordings."""
    seen, unseen = [], []
    for recorded in learnt:
        predicted = recorded.predicted(subject)
        seen.append(recorded.compared(predicted, recorded.used))
        unseen.append(recorded.compared(predicted, recorded.scored(used=recorded.used)))
    dofs = learnt[0].dofs
    return {
        "calibration": agreement(dofs, seen),
        "heldout": agreement(dofs, unseen),
        "heldout_files": {
            str(other.path): agreement(
                dofs, [other.compared(other.predicted(subject), other.scored(stance=stance))]
            )
            for other in others
        },
    }
