"""Batches that the predictor sends to the recorder, at next to no cost to the prediction."""

from __future__ import annotations

import numpy as np

from daemon.ipc.recorder_messages import EmgMessage, MusclesTrace, SecondMessage, TraceMessage
from daemon.ipc.sockets import Speaker
from daemon.live.histogram import Histogram
from daemon.session.muscle_rows import MOMENT_RATE_HZ
from pipeline.live import Paired, Predicted
from pipeline.output.message import StatusMessage
from pipeline.streams.base import Chunk
from pipeline.timebase.pace import Pace

BATCH_S = 0.1


class Tracer:
    """Sends EMG, moments and status to whoever records.

    Parameters
    ----------
    speaker
        Where to send.
    referenced
        Whether moments are sent with their reference, once it has come, or as they are predicted.
    """

    def __init__(self, speaker: Speaker, referenced: bool) -> None:
        self._speaker = speaker
        self._referenced = referenced
        self._emg: list[Chunk] = []
        self._paired: list[Paired] = []
        self._pace = Pace(MOMENT_RATE_HZ)

    def emg(self, chunk: Chunk) -> None:
        """Take raw EMG."""
        self._emg.append(chunk)
        if chunk.t[-1] - self._emg[0].t[0] >= BATCH_S:
            t = np.concatenate([part.t for part in self._emg])
            x = np.concatenate([part.x for part in self._emg])
            self._speaker.send(EmgMessage.of(t, x))
            self._emg.clear()

    def predicted(self, rows: Predicted) -> None:
        """Take predicted rows: what the muscles do, and the moments if no reference will come."""
        due = np.array([ok and self._pace.due(t) for t, ok in zip(rows.t, rows.valid, strict=True)])
        if due.any():
            states = rows.t[due], rows.stiffness[due], rows.muscles[due]
            self._speaker.send(MusclesTrace.of(*states))
        if not self._referenced:
            unknown = np.full_like(rows.moment, np.nan)
            self._speaker.send(TraceMessage.of(rows.t, rows.moment, rows.deviation, unknown))

    def paired(self, paired: Paired) -> None:
        """Take rows whose reference has come."""
        self._paired.append(paired)
        if paired.rows.t[-1] - self._paired[0].rows.t[0] >= BATCH_S:
            parts = [(p.rows.t, p.predicted, p.deviation, p.rows.moment) for p in self._paired]
            self._speaker.send(TraceMessage.of(*map(np.concatenate, zip(*parts, strict=True))))
            self._paired.clear()

    def status(self, status: StatusMessage, latency: Histogram) -> None:
        """Take the status that was published, and the latencies since the last one."""
        self._speaker.send(SecondMessage.of(status, latency.bins()))
