"""A recording through the whole pipeline at full speed, as if it came live."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from daemon.assembly.calibrator import build_calibrator
from daemon.assembly.model import model_in_use
from daemon.assembly.pipeline import build_pipeline
from daemon.assembly.recordings import known_streams
from daemon.assembly.streams import stream_specs
from daemon.assembly.subject import delay_of, starting_subject
from daemon.calibration.stepping import SteppedCalibrator
from daemon.config import Config
from daemon.ipc.messages import UpdateMessage
from daemon.offline.comparison import Comparison, Uncalibrated
from daemon.session.log import SessionLog, about
from daemon.session.recorder import recorder_of
from pipeline.calibrate.calibrator import Calibrator
from pipeline.drift.following import DriftFollower
from pipeline.emg.synthesis import Synthesis
from pipeline.errors import UserError
from pipeline.live import Paired
from pipeline.model.arithmetic import set_up_arithmetic
from pipeline.model.subject import Subject
from pipeline.streams.base import Chunk
from pipeline.streams.recordings.given import Source
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
    recording: Source,
    session: Path | None = None,
    on_progress: Callable[[float], None] | None = None,
    freeze_after: float | None = None,
) -> dict[str, Any]:
    """Score a recording's file, as `score`; with `session`, the log of it is written there.

    Raises
    ------
    UserError
        If the recording cannot be read, is over before learning is to stop, or the session cannot
        be written.
    """
    recorded = load_recording(recording, known_streams(config))
    _check_freeze(recorded, freeze_after)
    if session is None:
        return score(config, recorded, on_progress, freeze_after=freeze_after)
    muscles = model_in_use(config).muscle_names
    with SessionLog(session, about(config, muscles)) as log:
        return score(config, recorded, on_progress, log, freeze_after)


def _check_freeze(recording: Recording, freeze_after: float | None) -> None:
    if freeze_after is not None and not 0 <= freeze_after < recording.duration_s:  # nor NaN
        raise UserError(
            f"--freeze-after {freeze_after:g} is no time within '{recording.name}', which lasts "
            f"{recording.duration_s:.1f} s; give seconds from its start, 0 for no learning at all."
        )


def score(
    config: Config,
    recording: Recording,
    on_progress: Callable[[float], None] | None = None,
    log: SessionLog | None = None,
    freeze_after: float | None = None,
    *,
    on_paired: OnPaired | None = None,
    on_update: OnUpdate | None = None,
) -> dict[str, Any]:
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
    freeze_after
        Time from the recording's start at which learning stops, s: no update begins from then on,
        and a set that is being faded in finishes. None for never.
    on_paired
        Called with rows whose reference has come, before they are learnt from.
    on_update
        Called with every update of the calibrator.

    Returns
    -------
    dict
        ``rmse`` {dof: [N*m per second, None without reference]}; ``rmse_overall``,
        ``r2_overall``, ``inside_2sd_overall`` (share of the errors within two published
        deviations), and the three with ``_after_10s`` {dof: value}; with `freeze_after`
        with ``_after_freeze`` over the rest; each ``rmse`` also with
        ``_uncalibrated`` and ``_of_mean`` at its end, the errors of the person of the model file
        and of the reference's mean on the same samples; ``freeze_after_s``, ``nonfinite``
        (predicted numbers that were not finite), ``parameter_version``, ``delay_s`` and
        ``delay_deviation_s`` (electromechanical delay in force at the end, and its standard
        deviation; None before it was looked for), ``cross_fade_nm_per_s``
        (the fastest that a cross-fade moved a moment), ``updates`` {result: count}, ``seconds``
        (length of the recording), ``wall_s`` (time this took) and ``recording`` (what was taken
        of it and left out).
    """
    started = time.perf_counter()
    set_up_arithmetic(config.calibrator.threads)
    frozen_from = math.inf if freeze_after is None else recording.start + freeze_after
    uncalibrated = Uncalibrated.along(config, recording)
    lived = _Lived(config, log, uncalibrated, frozen_from, on_paired, on_update)
    with closing(lived):
        for chunk in replay(recording, stream_specs(config)):
            lived.take(chunk)
            if on_progress is not None:
                on_progress((chunk.t[-1] - recording.start) / recording.duration_s)
    return lived.result() | {
        "freeze_after_s": freeze_after,
        "seconds": recording.duration_s,
        "wall_s": time.perf_counter() - started,
        "recording": recording.contents(),
    }


def _calibrator(config: Config, start: Subject) -> Calibrator | SteppedCalibrator:
    """Return the calibrator where the set-up has it."""
    if config.calibrator.here:
        return build_calibrator(config, start)
    return SteppedCalibrator(config, start)


class _Lived:
    """A session without the processes: the pipeline, the calibrator, and what came of them.

    Parameters
    ----------
    config, log
        As in `score`.
    uncalibrated
        What is predicted of the uncalibrated person.
    frozen_from
        Time on the recording's clock from which on nothing is learnt, s.
    """

    def __init__(
        self,
        config: Config,
        log: SessionLog | None,
        uncalibrated: Uncalibrated,
        frozen_from: float,
        on_paired: OnPaired | None,
        on_update: OnUpdate | None,
    ) -> None:
        subject = starting_subject(config, model_in_use(config))
        self._config = config
        self._pipeline = build_pipeline(config, subject)
        self._calibrator = _calibrator(config, subject) if config.calibrator.enabled else None
        self._log, self._on_paired, self._on_update = log, on_paired, on_update
        self._recorder = recorder_of(config, log, subject.muscles) if log else None
        self._drift = DriftFollower()
        self._uncalibrated = uncalibrated
        self._frozen_from = frozen_from
        self._whole = Comparison(config.model.dofs)
        self._frozen = Comparison(config.model.dofs)
        self._updates = Counter[str]()
        self._delay_s = delay_of(config, subject)
        self._delay_deviation_s: float | None = None
        self._nonfinite = 0

    def take(self, chunk: Chunk) -> None:
        """Take the next samples, and do what follows from them."""
        if chunk.t[-1] >= self._frozen_from:
            self.close()
        self._pipeline.push(chunk)
        if self._recorder and chunk.stream == "emg":
            self._recorder.emg(chunk.t, chunk.x)
        predicted = self._pipeline.predict()
        if predicted is not None:
            self._nonfinite += int(np.sum(~np.isfinite(predicted.moment)))
            if self._recorder:
                ok = predicted.valid
                states = predicted.t[ok], predicted.stiffness[ok], predicted.muscles[ok]
                self._recorder.muscles.add(*states)
        paired = self._pipeline.pair()
        if paired is not None:
            self._pair(paired)
        if self._calibrator is not None and self._calibrator.due():
            self._update(self._calibrator.update())

    def _pair(self, paired: Paired) -> None:
        self._compare(paired)
        if self._on_paired:
            self._on_paired(paired)
        if self._recorder:
            rows = paired.rows
            self._recorder.moments(rows.t, paired.predicted, paired.deviation, rows.moment)
        if self._calibrator is not None:
            self._calibrator.add(paired.rows)

    def _compare(self, paired: Paired) -> None:
        t = paired.rows.t
        uncalibrated = self._uncalibrated.at(t)
        self._whole.add(paired, uncalibrated)
        rest = slice(int(np.searchsorted(t, self._frozen_from)), None)
        self._frozen.add(paired.part(rest), uncalibrated[rest])

    def _update(self, update: Update) -> None:
        self._updates[update.result] += 1
        if self._on_update:
            self._on_update(update)
        if self._recorder and self._log:
            followed = self._drift.add(update.drift)
            self._recorder.update(UpdateMessage.of(update, followed=followed))
            self._log.commit()
        if update.synergies:
            self._pipeline.mapper.learn(Synthesis(update.synergies))
        if update.adopted:
            self._pipeline.predictor.adopt(update.subject, update.version, update.confidence)
            self._delay_s = delay_of(self._config, update.subject)
            known = update.confidence
            self._delay_deviation_s = known.delay_deviation_s if known else None
            self._pipeline.set_delay(self._delay_s)

    def close(self) -> None:
        """Learn no more."""
        if isinstance(self._calibrator, SteppedCalibrator):
            self._calibrator.close()
        self._calibrator = None

    def result(self) -> dict[str, Any]:
        """Return what `score` does, but for the times."""
        predictor = self._pipeline.predictor
        return {
            **self._whole.per_second(),
            **self._whole.over("overall"),
            **self._whole.over(f"after_{SETTLED_S}s", SETTLED_S),
            **(self._frozen.over("after_freeze") if np.isfinite(self._frozen_from) else {}),
            "nonfinite": self._nonfinite,
            "parameter_version": predictor.version,
            "delay_s": self._delay_s,
            "delay_deviation_s": self._delay_deviation_s,
            "cross_fade_nm_per_s": predictor.fastest_cross_fade,
            "updates": dict(self._updates),
        }
