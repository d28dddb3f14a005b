"""The recorder: the pipeline's messages as the rows of a session."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.config import Config
from daemon.ipc.messages import DriftMap, UpdateMessage
from daemon.ipc.requests import Command, Reply, Request
from daemon.session.log import SessionLog
from daemon.session.muscle_rows import MOMENT_RATE_HZ, MuscleRows
from pipeline.drift.following import Loss
from pipeline.emg.quality import signal_quality
from pipeline.emg.spectrum import spectrum
from pipeline.model.label import Label
from pipeline.output.message import StatusMessage
from pipeline.update import ADOPTED

Array = NDArray[np.float64]

DELAY = "electromechanical_delay"
"""Name of the delay among the parameters, of all muscles together, s."""


class Recorder:
    """Fills a session's tables.

    Parameters
    ----------
    log
        Where to write.
    dofs, muscles, channels
        Names of joints, muscles and EMG channels.
    emg_rate_hz
        Sampling rate of the EMG; None where it comes as ready envelopes, whose spectrum says
        nothing.
    muscles_hz
        Rate at which what the muscles do is wanted, Hz.
    """

    def __init__(
        self,
        log: SessionLog,
        dofs: Sequence[str],
        muscles: Sequence[str],
        channels: Sequence[str],
        emg_rate_hz: float | None,
        muscles_hz: float = 0.0,
    ) -> None:
        self._log = log
        self._dofs, self._muscles, self._channels = dofs, muscles, channels
        self._emg_rate_hz = emg_rate_hz
        self._candidates = log.candidates
        self._second: int | None = None
        self._errors: list[Array] = []
        self._next_moment = -np.inf
        self.muscles = MuscleRows(log, dofs, muscles, muscles_hz)
        """Notes what each muscle does."""
        self._emg: list[tuple[Array, Array]] = []
        self._failed: set[str] = set()
        """Channels that are faulty, or were at some time of the second."""
        self._channel_faults: Mapping[str, str] = {}
        self._doubted = False
        self._losses: Mapping[str, Loss] = {}
        """Muscles that give less for the same EMG, as was noted last."""
        self._baseline: float | None = None
        """Since when what they were compared to was in force, s."""

    def update(self, update: UpdateMessage) -> None:
        """Note an update of the calibrator, whatever became of it."""
        self._candidates += 1
        number, accepted = self._candidates, update.result in ADOPTED
        self._log.add(
            "candidate",
            number,
            update.t,
            update.version,
            update.result,
            accepted,
            update.sentence,
            update.loss,
            update.error_before,
            update.error_after,
            update.seconds,
            update.steps,
            update.fallbacks,
            update.reason,
        )
        for dof, rmse in zip(self._dofs, update.rmse or (), strict=False):
            self._log.add("candidate_rmse", number, dof, rmse)
        tried = update.candidate or (update.values if accepted else {})
        known = update.confidence
        for name, values in tried.items():
            for i, (muscle, value) in enumerate(zip(self._muscles, values, strict=True)):
                deviation = known.deviation[name][i] if known else None
                identifiability = known.identifiability[name][i] if known else None
                self._log.add("parameter", number, name, muscle, value, deviation, identifiability)
        for pair in known.combinations if known else ():
            self._log.add("combination", number, *dict(pair).values())
        if accepted and update.delay_s is not None:
            doubt = known.delay_deviation_s if known else None
            self._log.add("parameter", number, DELAY, "all", update.delay_s, doubt, None)
        self._backtest(update)
        for label, found in _bones(update).items():
            bone, kind = Label.parse(label)
            self._log.add("parameter", number, f"bone_{kind}", bone, *found)
        if update.drift is not None:
            self._drift(update.drift)

    def _drift(self, drift: DriftMap) -> None:
        """Note how much each muscle's force for a given EMG is of what it was."""
        columns = drift.units, drift.factor, drift.deviation, drift.fibre_length
        for row in zip(*columns, strict=True):
            self._log.add("drift", drift.t, *row)
        units = json.dumps(drift.units)
        self._loss_events(drift)
        self._log.add("drift_statistics", drift.t, drift.baseline, units, drift.statistics)

    def _loss_events(self, drift: DriftMap) -> None:
        """Note which losses are new, and which there are no more."""
        losses = {one.unit: one.loss() for one in drift.losses}
        for unit in losses.keys() - self._losses.keys():
            self.event(drift.t, "calibrator", "loss", losses[unit].sentence(drift.t))
        for unit in self._losses.keys() - losses.keys():
            loss = self._losses[unit]
            said = loss.over if drift.baseline == self._baseline else loss.left_open
            self.event(drift.t, "calibrator", "loss", said)
        self._losses, self._baseline = losses, drift.baseline

    def _backtest(self, update: UpdateMessage) -> None:
        """Note how sets that were kept do, where a joint's reference judges them."""
        for one in update.backtest:
            for dof, rmse, count in zip(self._dofs, one.rmse, one.samples, strict=True):
                if count:
                    row = (update.t, one.version, one.since_t, dof, rmse, count)
                    self._log.add("backtest", *row)

    def moments(self, t: Array, predicted: Array, deviation: Array, reference: Array) -> None:
        """Note rows of the model's time grid; moments in N*m, shape [n, dof], NaN if unknown."""
        for i in np.flatnonzero(np.isfinite(t)):
            self._add_error(float(t[i]), predicted[i] - reference[i])
            if t[i] < self._next_moment - 1e-6:
                continue
            self._next_moment = float(t[i]) + 1.0 / MOMENT_RATE_HZ
            rows = zip(self._dofs, predicted[i], deviation[i], reference[i], strict=True)
            for dof, *values in rows:
                self._log.add("moment", float(t[i]), dof, *map(float, values))

    def _add_error(self, t: float, error: Array) -> None:
        """Collect errors; at the end of a second, note its root mean square."""
        second = int(np.floor(t))
        if self._second is not None and second != self._second and self._errors:
            squared = np.square(self._errors)
            counts = np.isfinite(squared)
            total = np.where(counts, squared, 0.0).sum(axis=0)
            for dof, sum_, count in zip(self._dofs, total, counts.sum(axis=0), strict=True):
                if count:
                    self._log.add("residual", self._second + 0.5, dof, float(np.sqrt(sum_ / count)))
            self._errors.clear()
        self._second = second
        self._errors.append(error)

    def emg(self, t: Array, x: Array) -> None:
        """Note EMG as it came, V, shape [n, channel]; each second of it becomes a row."""
        rate_hz = self._emg_rate_hz
        if rate_hz is None:
            return
        self._emg.append((t, x))
        if sum(len(part) for part, _ in self._emg) < rate_hz:
            return
        times, blocks = zip(*self._emg, strict=True)
        self._emg.clear()
        middle, x = float(np.concatenate(times).mean()), np.concatenate(blocks)
        quality = signal_quality(x, rate_hz)
        columns = np.array((*spectrum(x, rate_hz), *quality[:-1])).T.tolist()
        for channel, numbers, alike in zip(
            self._channels, columns, quality.common_with, strict=True
        ):
            if channel not in self._failed and np.isfinite(numbers[0]):
                self._log.add("emg", middle, channel, *numbers, self._channels[alike])
        self._failed = set(self._channel_faults)

    def command(self, t: float, request: Request, reply: Reply) -> None:
        """Note what the operator asked for and was answered; a mark is a row of its own."""
        if request.command is Command.MARK and reply.ok:
            self._log.add("mark", t, request.text, request.by)
            return
        told = (request.command, request.argument, reply.ok, reply.sentence, request.by)
        self._log.add("command", t, *told)
        if request.command is Command.MVC_STOP and reply.ok:
            self._mvc(t, reply.data)

    def _mvc(self, t: float, data: Mapping[str, Any]) -> None:
        """Note the channels whose MVC is another now, in the unit of their envelopes."""
        for channel in data.get("changed", ()):
            before = data["before"].get(channel)  # none where the set-up names no MVC of it
            self._log.add("mvc", t, channel, before, data["mvc"][channel])

    def event(self, t: float, source: str, kind: str, sentence: str) -> None:
        """Note something that happened."""
        self._log.add("event", t, source, kind, sentence)

    def _electrodes(self, status: StatusMessage) -> None:
        """Note channels that have failed, and those that are back."""
        before, now = self._channel_faults, status.channels
        for channel in now.keys() - before.keys():
            sentence = f"EMG channel {channel} is faulty: {now[channel]}."
            self.event(status.t, "emg", "electrode", sentence)
        for channel in before.keys() - now.keys():
            self.event(status.t, "emg", "electrode", f"EMG channel {channel} is valid again.")
        self._channel_faults = now
        self._failed |= set(now)

    def _trust(self, status: StatusMessage) -> None:
        """Note that the parameters are not trusted, and that they are from now on."""
        doubted = bool(status.doubt)
        if doubted != self._doubted:
            sentence = status.doubt or "The parameters fit this person: the moments are ok."
            self.event(status.t, "predictor", "trust", sentence)
        self._doubted = doubted

    def status(self, status: StatusMessage, histogram: Sequence[tuple[float, int]]) -> None:
        """Note how streams and latency are; `histogram` has counts by upper edge in ms."""
        self._electrodes(status)
        self._trust(status)
        for stream in status.streams:
            self._log.add(
                "stream",
                status.t,
                stream.key,
                stream.state,
                stream.age_s,
                stream.rate_hz,
                stream.received,
                stream.gaps,
                stream.nonfinite + stream.out_of_order + stream.from_future + stream.too_old,
                stream.clock_offset_s,
                stream.note,
            )
        latency, ticks = status.latency_ms, status.ticks
        self._log.add(
            "latency",
            status.t,
            latency.p50,
            latency.p99,
            latency.max,
            ticks.expected,
            ticks.published,
            ticks.late,
            " ".join(f"{edge:g}:{count}" for edge, count in histogram),
        )


def _bones(update: UpdateMessage) -> dict[str, tuple[float, float | None, str | None]]:
    """Return multiplier, deviation and identifiability of each bone number that was tried."""
    if update.confidence is not None:
        known = update.confidence.bones.items()
        return {label: (bone.factor, bone.deviation, bone.identifiability) for label, bone in known}
    accepted = update.bones if update.result in ADOPTED else {}
    return {label: (factor, None, None) for label, factor in accepted.items()}


def recorder_of(config: Config, log: SessionLog, muscles: tuple[str, ...]) -> Recorder:
    """Return the recorder of a set-up."""
    emg = config.streams.emg
    raw = config.envelope.kind == "raw"
    emg_rate_hz, muscles_hz = emg.rate_hz if raw else None, config.output.muscles_hz
    return Recorder(log, config.model.dofs, muscles, emg.channels, emg_rate_hz, muscles_hz)
