"""A whole recording as rows on the model's grid, each with its reference."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from daemon.assembly.envelope import build_envelope
from daemon.assembly.model import model_in_use
from daemon.assembly.pipeline import build_pipeline
from daemon.assembly.recordings import known_streams
from daemon.assembly.streams import stream_specs
from daemon.assembly.subject import delay_of, generic_subject
from daemon.config import Config
from daemon.offline.segments import Passage, read_cycles, scored
from pipeline.errors import UserError
from pipeline.live import Paired
from pipeline.metrics import known, r2, rmse
from pipeline.model.subject import Subject
from pipeline.predict import CrossFade, Predictor
from pipeline.streams.recordings.given import Source
from pipeline.streams.recordings.load import Recording, load_recording
from pipeline.streams.recordings.replay import replay
from pipeline.timebase.delay import DelayLine
from pipeline.timebase.rows import PairedRows

Array = NDArray[np.float64]

_SLICE_S = 1.0
"""A recording passes through the stages in slices this long; the rows do not depend on it."""


class RecordedRows:
    """A recording after the live stages: envelope, alignment, delay, geometry, pairing.

    Angles are interpolated, whatever the configuration does live: nobody waits for them here.

    Parameters
    ----------
    config
        The set-up.
    path
        The recording.

    Raises
    ------
    UserError
        If the recording cannot be read or lacks a stream, a channel or any reference.
    """

    def __init__(self, config: Config, path: Source) -> None:
        recording = load_recording(path, known_streams(config))
        self.path = path
        self.contents = recording.contents()
        """What was taken of the recording and left out."""
        self.config = config
        self.envelope_s = build_envelope(config).group_delay_s
        """The envelope's own delay, which the rows' excitations have behind them, s."""
        self.rate_hz = config.model.rate_hz
        self.dofs = config.model.dofs
        paired = _paired(config, recording)
        self.rows = paired.rows
        self.uncalibrated = paired.predicted
        """Moments of the person of the model file, of whom nothing is learnt, N*m, [row, dof]."""
        self.t_reference = recording.streams["moments"].t
        """Times of the reference's samples, s."""
        self.cycles = read_cycles(path, self.t_reference)

    def with_rows(self, rows: PairedRows) -> Self:
        """Return the same recording with other rows at the same times."""
        other = copy.copy(self)
        other.rows = rows
        return other

    def part(self, passage: Passage) -> slice:
        """Return the rows of a passage."""
        start, stop = np.searchsorted(self.rows.t, np.asarray(passage) - 0.25 / self.rate_hz)
        return slice(int(start), int(stop))

    def predicted(self, subject: Subject) -> Array:
        """Return the moments that a live run with these parameters predicts, N*m, [row, dof]."""
        jumps = np.flatnonzero(np.diff(self.rows.t) > 1.5 / self.rate_hz) + 1
        predictor = Predictor(subject, self.rate_hz, CrossFade())
        delay_s = max(0.0, delay_of(self.config, subject) - self.envelope_s)
        moments = []
        for piece in np.split(np.arange(len(self.rows.t)), jumps):
            part = self.rows.part(slice(int(piece[0]), int(piece[-1]) + 1))
            predictor.reset()
            line = DelayLine(delay_s, self.rate_hz, part.excitation.shape[1])
            acting = line.process(part.excitation)
            moments.append(predictor.predict(acting, part.length, part.moment_arm).moment)
        return np.concatenate(moments)

    def scored(self, used: Sequence[Passage] = (), stance: bool = False) -> list[Passage]:
        """Return the passages that may be scored, see `daemon.offline.segments.scored`."""
        return scored(self.cycles, self.t_reference, used, stance, self.path)

    def compared(self, predicted: Array, chosen: Sequence[Passage]) -> Compared:
        """Return predicted moments and reference of some passages."""
        inside = np.zeros(len(self.rows.t), dtype=bool)
        for passage in chosen:
            inside[self.part(passage)] = True
        inside &= self.rows.valid
        return Compared(predicted[inside], self.rows.moment[inside], self.uncalibrated[inside])


class Compared(NamedTuple):
    """Moments of the same rows, N*m, each of shape [row, dof]."""

    predicted: Array
    reference: Array
    """NaN where there is none."""
    uncalibrated: Array
    """What is predicted of the uncalibrated person."""


def agreement(dofs: Sequence[str], parts: Sequence[Compared]) -> dict[str, object]:
    """Score predicted moments, pooled over all rows that have a reference.

    Returns
    -------
    dict
        ``r2`` and ``rmse`` in N*m as {dof: value, None without reference}, ``rmse_uncalibrated``
        and ``rmse_of_mean``, the errors of the uncalibrated person and of the reference's mean
        over the same rows, and ``rows`` scored.
    """
    predicted, reference, uncalibrated = (
        np.concatenate(columns) for columns in zip(*parts, strict=True)
    )

    def each(score: Callable[[Array, Array], float], moment: Array) -> dict[str, float | None]:
        pairs = zip(moment.T, reference.T, strict=True)
        return dict(zip(dofs, (known(score(*pair)) for pair in pairs), strict=True))

    return {
        "r2": each(r2, predicted),
        "rmse": each(rmse, predicted),
        "rmse_uncalibrated": each(rmse, uncalibrated),
        "rmse_of_mean": each(rmse, np.broadcast_to(_mean(reference), reference.shape)),
        "rows": int(np.isfinite(reference).any(1).sum()),
    }


def _mean(reference: Array) -> Array:
    """Return the mean of what is known of each column, NaN where nothing is."""
    there = np.isfinite(reference)
    with np.errstate(invalid="ignore"):
        mean: Array = np.where(there, reference, 0.0).sum(axis=0) / there.sum(axis=0)
    return mean


def _paired(config: Config, recording: Recording) -> Paired:
    streams = config.streams
    if streams.moments is None:
        raise UserError(
            "The configuration has no streams.moments; without a reference there is nothing to "
            "calibrate on."
        )
    offline = streams.model_copy(update={"angle_mode": "interpolate"})
    config = config.model_copy(update={"streams": offline})
    subject = generic_subject(model_in_use(config))
    chain = build_pipeline(config, subject)
    parts = []
    for chunk in replay(recording, stream_specs(config), _SLICE_S):
        chain.push(chunk)
        chain.predict()
        paired = chain.pair()
        if paired is not None:
            parts.append(paired)
    if not parts:
        raise UserError(
            f"'{recording.name}' has no time at which EMG, angles and reference moments overlap."
        )
    return Paired.joined(parts)
