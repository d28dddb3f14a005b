"""A recording through the whole pipeline at full speed, as if it came live."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from daemon.assembly.calibrator import build_calibrator
from daemon.assembly.model import model_in_use
from daemon.assembly.pipeline import build_pipeline
from daemon.assembly.streams import stream_specs
from daemon.assembly.subject import delay_of, starting_subject
from daemon.config import Config
from daemon.ipc.messages import UpdateMessage
from daemon.live.scoreboard import Scoreboard
from daemon.session.log import SessionLog, about
from daemon.session.recorder import recorder_of
from pipeline.emg.synthesis import Synthesis
from pipeline.live import Paired
from pipeline.streams.base import Chunk
from pipeline.streams.recordings.load import load_recording
from pipeline.streams.recordings.recording import Recording
from pipeline.streams.recordings.replay import replay
from pipeline.update import Update

OnPaired = Callable[[Paired], None]
OnUpdate = Callable[[Update], None]

SETTLED_S = 10
"""Seconds after which the calibrator is expected to have found its way."""


def score_file(
    config: Config,
    recording: Path,
    session: Path | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> dict[str, object]:
    """Score a recording's file, as `score`; with `session`, the log of it is written there.

    Raises
    ------
    UserError
        If the recording cannot be read or the session cannot be written.
    """
    recorded = load_recording(recording)
    if session is None:
        return score(config, recorded, on_progress)
    muscles = model_in_use(config).muscle_names
    with SessionLog(session, about(config, muscles)) as log:
        return score(config, recorded, on_progress, log)


def score(
    config: Config,
    recording: Recording,
    on_progress: Callable[[float], None] | None = None,
    log: SessionLog | None = None,
    *,
    on_paired: OnPaired | None = None,
    on_update: OnUpdate | None = None,
) -> dict[str, object]:
    """Predict and calibrate along a recording; no sample is predicted after being learnt from.

    Parameters
    ----------
    config
        The set-up.
    recording
        Streams to replay, in the order of their time stamps.
    on_progress
        Called with the fraction done.
    log
        Where to write the session as a live run would; None for nowhere.
    on_paired
        Called with rows whose reference has come, before they are learnt from.
    on_update
        Called with every update of the calibrator.

    Returns
    -------
    dict
        ``rmse`` {dof: [N*m per second, None without reference]}, ``rmse_after_10s``,
        ``rmse_overall`` and ``r2_after_10s`` {dof: value}, ``nonfinite`` (predicted numbers that
        were not finite), ``parameter_version``, ``cross_fade_nm_per_s`` (the fastest that a
        cross-fade moved a moment), ``updates`` {result: count}, ``seconds`` (length
        of the recording) and ``wall_s`` (time this took).
    """
    started = time.perf_counter()
    torch.set_num_threads(config.calibrator.threads)
    lived = _Lived(config, log, on_paired, on_update)
    for chunk in replay(recording, stream_specs(config)):
        lived.take(chunk)
        if on_progress is not None:
            on_progress((chunk.t[-1] - recording.start) / recording.duration_s)
    return lived.result() | {
        "seconds": recording.duration_s,
        "wall_s": time.perf_counter() - started,
    }


class _Lived:
    """A session without the processes: the pipeline, the calibrator, and what came of them."""

    def __init__(
        self,
        config: Config,
        log: SessionLog | None,
        on_paired: OnPaired | None,
        on_update: OnUpdate | None,
    ) -> None:
        subject = starting_subject(config, model_in_use(config))
        self._config = config
        self._pipeline = build_pipeline(config, subject)
        enabled = config.calibrator.enabled
        self._calibrator = build_calibrator(config, subject) if enabled else None
        self._log, self._on_paired, self._on_update = log, on_paired, on_update
        self._recorder = recorder_of(config, log, subject.muscles) if log else None
        self._board = Scoreboard(config.model.dofs)
        self._updates = Counter[str]()
        self._nonfinite = 0

    def take(self, chunk: Chunk) -> None:
        """Take the next samples, and do what follows from them."""
        self._pipeline.push(chunk)
        if self._recorder and chunk.stream == "emg":
            self._recorder.emg(chunk.t, chunk.x)
        predicted = self._pipeline.predict()
        if predicted is not None:
            self._nonfinite += int(np.sum(~np.isfinite(predicted.moment)))
        paired = self._pipeline.pair()
        if paired is not None:
            self._pair(paired)
        if self._calibrator is not None and self._calibrator.due():
            self._update(self._calibrator.update())

    def _pair(self, paired: Paired) -> None:
        self._board.add(paired)
        if self._on_paired:
            self._on_paired(paired)
        if self._recorder:
            rows = paired.rows
            self._recorder.moments(rows.t, paired.predicted, paired.deviation, rows.moment)
        if self._calibrator is not None:
            self._calibrator.add(paired.rows)

    def _update(self, update: Update) -> None:
        self._updates[update.result] += 1
        if self._on_update:
            self._on_update(update)
        if self._recorder and self._log:
            self._recorder.update(UpdateMessage.of(update))
            self._log.commit()
        if update.synergies:
            self._pipeline.mapper.learn(Synthesis(update.synergies))
        if update.adopted:
            self._pipeline.predictor.adopt(update.subject, update.version, update.confidence)
            self._pipeline.set_delay(delay_of(self._config, update.subject))

    def result(self) -> dict[str, object]:
        """Return what `score` does, but for the times."""
        predictor = self._pipeline.predictor
        return {
            "rmse": self._board.per_second(),
            "rmse_after_10s": self._board.rmse(SETTLED_S),
            "rmse_overall": self._board.rmse(),
            "r2_after_10s": self._board.r2(SETTLED_S),
            "nonfinite": self._nonfinite,
            "parameter_version": predictor.version,
            "cross_fade_nm_per_s": predictor.fastest_cross_fade,
            "updates": dict(self._updates),
        }
