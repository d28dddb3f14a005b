"""The status message: what an operator and the terminal view are told every second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.config import Config
from daemon.ipc.messages import UpdateMessage
from daemon.ipc.orders import Recorded
from daemon.live.heard import NOTHING, Heard, Known, told_of
from daemon.live.histogram import Histogram
from daemon.live.mvc import NAMES
from daemon.live.outbox import Outbox
from pipeline.model.subject import Subject
from pipeline.output.message import Latency, Status, StatusMessage, Ticks
from pipeline.streams import clock
from pipeline.streams.base import SourceState, StreamHealth

Array = NDArray[np.float64]

SILENT_AFTER_STRIDES = 5
"""Strides without a word from the calibrator after which it is reported as silent."""


_DOUBTFUL = (Status.CALIBRATING, Status.DEGRADED)
"""Where moments come, a doubt in their parameters is worth a word; else there is worse to say."""


class StatusReporter:
    """Gathers what has happened since the last status message.

    Parameters
    ----------
    config
        The set-up.
    session
        Names this run in every message.
    heard
        What the calibrator had said before.
    """

    def __init__(self, config: Config, session: str, heard: Heard = NOTHING) -> None:
        self._config = config
        self._session = session
        self._started = clock.now()
        self._latency = self.last_latency = Histogram()
        """Latencies counted now, and those that the last status told of."""
        self._told = Histogram()
        """Latencies that all statuses so far told of."""
        self._late = 0
        self._reference: Array | None = None
        self._heard = heard
        self._warning = _warning(config)
        self.recording: Recorded | None = None
        """What is being recorded."""
        self.remarks: dict[str, str] = {}
        """What the operator should know beside, a sentence each, by its cause."""

    def latency(self, seconds: float) -> None:
        """Count the time from EMG to publication of one row, s."""
        self._latency.add(seconds)
        self._late += seconds > 1.0 / self._config.model.rate_hz + self._config.streams.max_gap_s

    def latency_ms(self) -> dict[str, float | None]:
        """Return ``p50``, ``p99`` and ``max`` of all rows so far, ms; None without any."""
        whole = Histogram()
        whole.merge(self._told)
        whole.merge(self._latency)
        return whole.milliseconds()

    def reference(self, moment: Array) -> None:
        """Take note of the newest reference, N*m, shape [dof]."""
        self._reference = moment

    def update(self, update: UpdateMessage) -> None:
        """Take note of the calibrator's newest update."""
        self._heard = self._heard.step(update)

    def known(self, subject: Subject) -> Known:
        """Return how well the newest parameters are known, which `subject` has."""
        return told_of(self._heard.certainty, len(subject.muscles))

    def message(
        self,
        outbox: Outbox,
        health: Sequence[StreamHealth],
        expected: int,
        rmse: Mapping[str, float | None],
        subject: Subject,
        faulty: Mapping[str, str],
    ) -> StatusMessage:
        """Return the status now; the latency it tells of starts anew with it.

        Parameters
        ----------
        outbox
            What the newest moments are like.
        health
            The state of each stream.
        expected
            Rows that the time grid has had so far.
        rmse
            Error of the last full second per joint, N*m.
        subject
            The newest parameters.
        faulty
            EMG channels that are not believed, each with what is wrong with it.
        """
        now = clock.now()
        self.last_latency, self._latency = self._latency, Histogram()
        self._told.merge(self.last_latency)
        return StatusMessage(
            session=self._session,
            t=now,
            status=outbox.status,
            note=" ".join(filter(None, [self._note(outbox, health, now), self._warning])),
            uptime_s=now - self._started,
            ticks=Ticks(expected=expected, published=outbox.rows, late=self._late),
            latency_ms=Latency(**self.last_latency.milliseconds()),
            streams=tuple(health),
            output=outbox.counts(),
            calibrator=self._heard.report(now),
            rmse=dict(rmse),
            parameters={k: tuple(v) for k, v in subject.values().items()},
            muscles=subject.muscles,
            **self.known(subject),
            channels=dict(faulty),
            synthesised=tuple(subject.muscles[i] for i in outbox.synthesised),
            doubt=outbox.doubt,
            reference=self._known_reference(),
        )

    def _note(self, outbox: Outbox, health: Sequence[StreamHealth], now: float) -> str:
        """Return what most needs the operator's attention, in a sentence each."""
        wrong = filter(None, [outbox.fault])
        said = [*wrong, *_of_streams(health), *outbox.troubles.values(), *self.remarks.values()]
        said = said or [self._of_work(outbox, now)]
        if outbox.status in _DOUBTFUL:
            said.append(outbox.doubt)
        return " ".join(filter(None, said)) or outbox.status.sentence

    def _of_work(self, outbox: Outbox, now: float) -> str:
        """Return what there is to say of what is under way, or nothing."""
        if self.recording is not None:
            return (
                f"{NAMES[self.recording]} is being recorded until that is ended (hillstream ctl "
                f"{self.recording} stop); the moments go on."
            )
        silent_s = now - max(self._started, self._heard.at)
        if (
            self._config.calibrates
            and silent_s > SILENT_AFTER_STRIDES * self._config.calibrator.stride_s
        ):
            return (
                f"The calibrator has said nothing for {silent_s:.0f} s; prediction goes on with "
                f"parameter set {outbox.version}."
            )
        return ""

    def _known_reference(self) -> dict[str, tuple[float, ...]] | None:
        if self._reference is None or not np.isfinite(self._reference).all():
            return None
        return {
            dof: (float(value),)
            for dof, value in zip(self._config.model.dofs, self._reference, strict=True)
        }


def _warning(config: Config) -> str:
    """Return what every status has to say of ports that anyone can reach, or nothing."""
    if not config.open_addresses:
        return ""
    return (
        f"Not secure: {' and '.join(config.open_addresses)} without keys, open to the network "
        "(security.insecure)."
    )


def _of_streams(health: Sequence[StreamHealth]) -> tuple[str, ...]:
    """Return what there is to say of the first stream that is not as it should be."""
    for stream in health:
        if stream.note:
            return (stream.note,)
        if stream.state is not SourceState.LIVE:
            return (f"The {stream.key} stream is {stream.state}.",)
    return ()
