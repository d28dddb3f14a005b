"""A recording through the whole pipeline at full speed, as if it came live."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

import numpy as np
import torch

from daemon import assemble
from daemon.config import Config
from daemon.link import UpdateMessage
from daemon.scoreboard import Scoreboard
from daemon.session.log import SessionLog
from daemon.session.recorder_process import recorder_of
from pipeline.geometry import load_model
from pipeline.streams.recording import Recording
from pipeline.streams.replay import replay

SETTLED_S = 10
"""Seconds after which the calibrator is expected to have found its way."""


def score(
    config: Config,
    recording: Recording,
    on_progress: Callable[[float], None] | None = None,
    log: SessionLog | None = None,
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

    Returns
    -------
    dict
        ``rmse`` {dof: [N*m per second, None without reference]}, ``rmse_after_10s``,
        ``rmse_overall`` and ``r2_after_10s`` {dof: value}, ``nonfinite`` (predicted numbers that
        were not finite), ``parameter_version``, ``hand_over_nm_per_s`` (the fastest that a
        hand-over moved a moment), ``updates`` {result: count}, ``seconds`` (length
        of the recording) and ``wall_s`` (time this took).
    """
    started = time.perf_counter()
    torch.set_num_threads(config.calibrator.threads)
    subject = assemble.starting_subject(config, load_model(config.model.file))
    chain = assemble.chain(config, subject)
    calibrator = assemble.calibrator(config, subject) if config.calibrator.enabled else None
    board, updates, nonfinite = Scoreboard(config.model.dofs), Counter[str](), 0
    recorder = recorder_of(config, log, subject.muscles) if log else None
    for chunk in replay(recording, assemble.stream_specs(config)):
        chain.push(chunk)
        if recorder and chunk.stream == "emg":
            recorder.emg(chunk.t, chunk.x)
        predicted = chain.predict()
        if predicted is not None:
            nonfinite += int(np.sum(~np.isfinite(predicted.moment)))
        paired = chain.pair()
        if paired is not None:
            board.add(paired)
            if recorder:
                rows = paired.rows
                recorder.moments(rows.t, paired.predicted, paired.deviation, rows.moment)
            if calibrator is not None:
                calibrator.add(paired.rows)
        if calibrator is not None and calibrator.due():
            update = calibrator.update()
            updates[update.result] += 1
            if recorder and log:
                recorder.update(UpdateMessage.of(update))
                log.commit()
            if update.adopted:
                chain.predictor.adopt(update.subject, update.version, update.confidence)
        if on_progress is not None:
            on_progress((chunk.t[-1] - recording.start) / recording.duration_s)
    return {
        "rmse": board.per_second(),
        "rmse_after_10s": board.rmse(SETTLED_S),
        "rmse_overall": board.rmse(),
        "r2_after_10s": board.r2(SETTLED_S),
        "nonfinite": nonfinite,
        "parameter_version": chain.predictor.version,
        "hand_over_nm_per_s": chain.predictor.fastest_hand_over,
        "updates": dict(updates),
        "seconds": recording.duration_s,
        "wall_s": time.perf_counter() - started,
    }
