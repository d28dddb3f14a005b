"""The predictor's process: streams in, moments out; it never waits for anyone."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from daemon.assembly.output import guard_of, meta_of, publisher_of
from daemon.assembly.pipeline import build_pipeline
from daemon.assembly.streams import build_sources
from daemon.assembly.subject import delay_of
from daemon.config import Config
from daemon.host.realtime import GarbageCollector, claim_for_predictor
from daemon.ipc.messages import BoneMap, DriftMap, RowsMessage, UpdateMessage
from daemon.ipc.orders import (
    ORDERS,
    Answer,
    ConcernOrder,
    DealerSocket,
    Hello,
    RecordOrder,
    SamplesOrder,
)
from daemon.ipc.sockets import Listener, Speaker
from daemon.live.electrode_alerts import ElectrodeAlerts
from daemon.live.heard import MOST_MUSCLES, Heard
from daemon.live.input_watch import InputWatch
from daemon.live.mvc import LiveLevels
from daemon.live.outbox import Outbox
from daemon.live.reference_watch import ReferenceWatch
from daemon.live.scoreboard import Scoreboard
from daemon.live.signals import SAMPLES_S, LevelWatch, RecentEmg
from daemon.live.stages import StageTimes
from daemon.live.status import StatusReporter
from daemon.live.stream_alerts import StreamAlerts
from daemon.live.tracer import Tracer
from daemon.live.trust import TrustState, trust_rule, unjudged_sentence
from daemon.processes.signs import Stop
from pipeline.emg.synthesis import Synthesis
from pipeline.errors import UserError
from pipeline.live import LivePipeline, Predicted
from pipeline.model.subject import Subject
from pipeline.output.message import ParametersMessage
from pipeline.streams import clock
from pipeline.streams.base import Chunk
from pipeline.streams.lsl.liblsl import load_pylsl
from pipeline.streams.ros2.needs import load_dds
from pipeline.timebase.pace import Pace
from pipeline.timebase.rows import PairedRows
from pipeline.update import Result

Array = NDArray[np.float64]

NEEDED = ("emg", "angles")
"""Streams that the next row is made of."""
OTHERS_EVERY_S = 0.02
"""So often the others are looked at, s: a reference is in no hurry."""
GARBAGE_EVERY_S = 1.0
QUIET_TICKS = 2.5
"""Ticks without a row after which a message goes out all the same."""
BURST = 20
"""Of more rows than this at once, after a stall, only the newest is published."""
PAIRING_HZ = 20.0
"""So often rows are paired with their reference: many at once cost hardly more than one."""
BATCH_S = 0.1
"""Paired rows go to the calibrator in batches of about this length, s."""
STATUS_EVERY_S = 1.0
FIRST_S, LAST_S, SETTLED_S = 5, 10, 10
"""Seconds at the start and at the end that the summary compares, and from when it counts, s."""

logger = logging.getLogger(__name__)


def main(
    config: Config,
    addresses: dict[str, str],
    start: Subject,
    version: int,
    trust: TrustState,
    heard: Heard,
    memory: Path,
    summary: Path,
    stop: Stop,
) -> None:
    """Predict until told to stop.

    Parameters
    ----------
    config
        The set-up.
    addresses
        Link addresses: ``rows`` to publish on, ``updates`` to listen on, ``predictor`` to take
        orders on.
    start, version
        Parameters to start with, and their version.
    trust
        What is thought of them and of those before.
    heard
        What the calibrator has said so far.
    memory
        Folder in which is remembered which LSL outlets the streams were taken from.
    summary
        File the summary is written to at the end, as JSON.
    stop
        Tells when to end.
    """
    torch.set_num_threads(1)
    claim_for_predictor(config.realtime)
    predictor = LivePredictor(config, addresses, start, version, trust, heard, memory)
    try:
        stop.announce_ready()
        while not stop.requested():
            predictor.tick()
        predictor.say_stopped()
        # Before the streams are let go, which may take longer than the patience of who waits.
        summary.write_text(json.dumps(predictor.summary()), encoding="utf-8")
    finally:
        predictor.close()


def rehearse(config: Config, start: Subject) -> None:
    """Do what costs time only once, so that `main` is quick; opens nothing."""
    torch.set_num_threads(1)
    build_pipeline(config, start)
    build_sources(config)
    with suppress(UserError):
        load_pylsl()  # ZeroMQ streams work without it
    if config.output.ros2:
        load_dds()


class LivePredictor:
    """Everything the predictor holds, and what it does at each turn of its loop."""

    def __init__(
        self,
        config: Config,
        addresses: dict[str, str],
        start: Subject,
        version: int,
        trust: TrustState,
        heard: Heard,
        memory: Path,
    ) -> None:
        self._config = config
        self._subject = start
        self._received = version
        """Version of the newest parameters that have come; the moments may not have them yet."""
        self._pipeline: LivePipeline = build_pipeline(config, start, version)
        meta = meta_of(config, start)
        self._session = meta.session
        self._publisher = publisher_of(config, meta, tuple(start.values()))
        self._rule, self._trust = trust_rule(config), trust
        doubt = trust.doubt(version)
        self._outbox = Outbox(self._publisher, guard_of(config), version, doubt)
        self._muscles = Pace(config.output.muscles_hz)
        self._tell_of_unjudged(doubt)
        self._board = Scoreboard(config.model.dofs)
        self._stages = StageTimes()
        self._pipeline.passed = self._stages.passed
        self._rows = Speaker(addresses["rows"])
        self._tracer = Tracer(self._rows, config.calibrates) if config.session.enabled else None
        self._updates = Listener(addresses["updates"], UpdateMessage)
        self._line = DealerSocket(addresses["predictor"], ORDERS, bind=False)
        self._line.send(Hello())
        self._care = ElectrodeAlerts(config.model.muscles, self._pipeline.mapper, self._outbox)
        self._alerts = StreamAlerts(self._outbox)
        self._levels = LiveLevels(config, self._pipeline.envelope)
        self._signals = _level_watch(config)
        if config.output.signals_hz:
            self._pipeline.enveloped = self._signals.add
        self._recent = RecentEmg(config.streams.emg.rate_hz, config.streams.max_gap_s)
        self._reference = ReferenceWatch(config.model.dofs, config.output.max_moment_nm)
        self._pairs = Pace(PAIRING_HZ)
        self._batch: list[PairedRows] = []
        self._span: tuple[float, float] | None = None
        self._predicted = 0
        """Rows that had a moment: EMG and angles were there and usable."""
        self._bones: dict[str, BoneMap] = {}
        """What is known of each number of the bones in force; nothing after a rollback."""
        self._delay_deviation_s: float | None = None
        self._sources = {source.spec.key: source for source in build_sources(config, memory)}
        self._reporter = StatusReporter(config, meta.session, heard)
        self._inputs = InputWatch(
            config, self._pipeline, self._outbox, self._care, self._reporter.remarks
        )
        self._status_due = self._others_due = clock.now()
        self._told = self._to_tell()
        """What the last status told of."""
        for source in self._sources.values():
            source.open()
        self._garbage = GarbageCollector(GARBAGE_EVERY_S, clock.now())

    def tick(self) -> None:
        """Take what has come and publish what follows from it; then do what is due besides."""
        self._pipeline.work_ahead()
        self._take()
        predicted = self._pipeline.predict()
        if predicted is not None:
            self._publish(predicted)
        elif self._outbox.quiet_s() > QUIET_TICKS / self._config.model.rate_hz:
            self._outbox.nothing_new()
        else:
            return
        self._look_after(predicted)

    def _take(self) -> None:
        """Take what the streams have, once what the next row needs is there, or a tick is over."""
        awaited = self._pipeline.aligner.awaited
        tick_s = 1.0 / self._config.model.rate_hz
        self._push(self._sources[awaited].poll(tick_s, self._before_next_row(awaited)))
        now = clock.now()
        others_due = now >= self._others_due
        for key, source in self._sources.items():
            if key != awaited and (others_due or key in NEEDED):
                self._push(source.poll())
        if others_due:
            self._others_due = now + OTHERS_EVERY_S

    def _before_next_row(self, key: str) -> int:
        """Return how many samples come until the next row, to be woken once for all of them."""
        if key != "emg":
            return 1
        ahead_s = self._pipeline.aligner.emg_ahead_s
        return max(1, int(ahead_s * self._config.streams.emg.rate_hz))

    def _push(self, chunk: Chunk | None) -> None:
        if chunk is None:
            return
        if chunk.stream == "emg":
            self._stages.arrived(float(chunk.t[-1]))
            self._recent.add(chunk)
        self._inputs.pass_on(chunk)
        if self._tracer and chunk.stream == "emg":
            self._tracer.emg(chunk)

    def _look_after(self, predicted: Predicted | None) -> None:
        """Do what is due besides; right after a publication there is time for it."""
        self._publisher.tend()
        levels = self._signals.due()
        if levels is not None:
            self._outbox.signals(levels, self._pipeline.excitation)
        if self._tracer and predicted is not None:
            self._tracer.predicted(predicted)
        if predicted is None or self._pairs.due(float(predicted.t[-1])):
            self._pair()
        self._take_update()
        self._obey()
        if clock.now() >= self._status_due or self._to_tell() != self._told:
            self._report()
        self._garbage.turn(clock.now())

    def _publish(self, predicted: Predicted) -> None:
        self._outbox.synthesised = self._pipeline.mapper.synthesised
        newest = len(predicted.t) - 1
        late = newest >= BURST
        for i in [newest] if late else range(newest + 1):
            moment = predicted.moment[i] if predicted.valid[i] else None
            self._predicted += moment is not None
            t_emg = float(predicted.t_emg[i])
            version = int(predicted.version[i])
            # While a set fades in, the moment is as good as the worse of the two.
            doubt = self._trust.doubt(int(predicted.leaving[i]), version)
            latency = self._outbox.row(
                moment, t_emg, predicted.deviation[i], version, doubt, predicted.stiffness[i]
            )
            if moment is not None and self._muscles.due(float(predicted.t[i])):
                self._outbox.muscles(predicted.muscles[i])
            self._stages.published(t_emg)
            self._reporter.latency(latency)
        if late:
            logger.warning("%d rows came at once; only the newest was published", newest + 1)
        first = self._span[0] if self._span else float(predicted.t[0])
        self._span = first, float(predicted.t[-1])

    def _pair(self) -> None:
        """Score rows whose reference has come, and pass them on to the calibrator."""
        paired = self._pipeline.pair()
        if paired is None:
            return
        paired = self._reference.process(paired)
        self._remark("reference", self._reference.sentence)
        self._board.add(paired)
        self._reporter.reference(paired.rows.moment[-1])
        if self._config.output.signals_hz:
            self._outbox.reference(paired)
        if self._tracer:
            self._tracer.paired(paired)
        self._batch.append(paired.rows)
        if sum(len(rows.t) for rows in self._batch) >= BATCH_S * self._config.model.rate_hz:
            self._rows.send(RowsMessage.of(PairedRows.joined(self._batch)))
            self._batch.clear()

    def _take_update(self) -> None:
        update = self._updates.receive()
        if not isinstance(update, UpdateMessage):
            return
        self._reporter.update(update)
        if update.result not in (Result.TOO_FEW_SAMPLES, Result.PAUSED):  # they know nothing new
            opposite = update.result is Result.OPPOSITE_REFERENCE
            self._remark("opposite reference", update.sentence if opposite else "")
        if update.drift is not None:
            self._tell_of_drift(update.t, update.drift)
        self._weigh(update)
        if update.synergies:
            self._pipeline.mapper.learn(Synthesis(update.synergies.synergies()))
        if update.version <= self._received:
            return
        self._received = update.version
        self._subject = update.subject(self._subject)
        confidence = update.confidence.confidence() if update.confidence else None
        self._bones = update.confidence.bones if update.confidence else {}
        known = update.confidence
        self._delay_deviation_s = known.delay_deviation_s if known else None
        self._pipeline.predictor.adopt(self._subject, update.version, confidence)
        self._pipeline.set_delay(delay_of(self._config, self._subject))
        self._tell_of_parameters()

    def _tell_of_drift(self, t: float, drift: DriftMap) -> None:
        """Say who gives less for the same EMG, and publish what was found if it is new."""
        self._remark("drift", " ".join(loss.loss().sentence(t) for loss in drift.losses))
        if 0 < len(drift.judged) <= MOST_MUSCLES:
            self._publisher.publish_fatigue(drift.t, drift.baseline, drift.published())

    def _tell_of_parameters(self) -> None:
        """Publish the newest parameters, and how well they are known."""
        self._publisher.publish_parameters(
            ParametersMessage(
                session=self._session,
                version=self._received,
                t=clock.now(),
                values={k: tuple(v) for k, v in self._subject.values().items()},
                muscles=self._subject.muscles,
                **self._reporter.known(self._subject),
            )
        )

    def _weigh(self, update: UpdateMessage) -> None:
        """Find out whether the set in force is trusted, and log where that has changed."""
        before, self._trust = self._trust, self._rule.step(self._trust, update)
        doubt = self._trust.doubt(self._trust.version)
        self._tell_of_unjudged(doubt)
        if bool(doubt) == bool(before.doubt(before.version)):
            return
        if doubt:
            logger.warning("%s", doubt)
        else:
            logger.info("Parameter set %d fits this person", self._trust.version)

    def _tell_of_unjudged(self, doubt: str) -> None:
        """Keep joints without any reference from being ok, and say so once the others are."""
        self._outbox.unjudged = self._trust.unjudged
        self._outbox.troubles.pop("unjudged", None)
        if self._trust.unjudged and not doubt:
            names = [self._config.model.dofs[place] for place in self._trust.unjudged]
            self._outbox.troubles["unjudged"] = unjudged_sentence(names)

    def _obey(self) -> None:
        order = self._line.receive()
        if isinstance(order, RecordOrder):
            self._line.send(self._levels.obey(order))
            self._reporter.recording = self._levels.recording
        elif isinstance(order, SamplesOrder):
            self._line.send(self._samples(order))
        elif isinstance(order, ConcernOrder):
            self._concern(order)

    def _samples(self, order: SamplesOrder) -> Answer:
        place = self._config.streams.emg.channels.index(order.channel)
        found = self._recent.channel(place, clock.now())
        if found is None:
            said = f"No EMG has come for {SAMPLES_S:g} s; is the EMG stream live?"
        else:
            said = f"The newest {len(found)} samples of EMG channel {order.channel}."
        return Answer(
            number=order.number,
            ok=found is not None,
            sentence=said,
            recording=self._levels.recording,
            samples=None if found is None else found.astype("<f8").tobytes(),
        )

    def _concern(self, order: ConcernOrder) -> None:
        """Tell of something from now on, or no longer."""
        told = self._outbox.troubles if order.degrades else self._reporter.remarks
        told.pop(order.cause, None)
        if order.sentence:
            told[order.cause] = order.sentence

    def _remark(self, cause: str, sentence: str) -> None:
        """Make a remark in the status, or no longer where there is nothing to say."""
        self._reporter.remarks.pop(cause, None)
        if sentence:
            self._reporter.remarks[cause] = sentence

    def _report(self) -> None:
        self._status_due = clock.now() + STATUS_EVERY_S
        health = [source.health(clock.now()) for source in self._sources.values()]
        self._alerts.note(health)
        self._told = self._to_tell()
        seconds = self._board.seconds
        status = self._reporter.message(
            self._outbox,
            health,
            self._expected(),
            self._board.rmse(max(seconds - 2, 0), seconds - 1) if seconds > 1 else {},
            self._subject,
            self._care.faulty,
        )
        self._publisher.publish_status(status)
        if self._tracer:
            self._tracer.status(status, self._reporter.last_latency)

    def _to_tell(self) -> tuple[frozenset[str], str, bool]:
        """Return what a status is sent for at once when it changes: troubles, doubt, fault."""
        return frozenset(self._outbox.troubles), self._outbox.doubt, bool(self._outbox.fault)

    def _expected(self) -> int:
        """Return how many rows the time grid has had since the first one."""
        if self._span is None:
            return 0
        return round((self._span[1] - self._span[0]) * self._config.model.rate_hz) + 1

    def summary(self) -> dict[str, object]:
        """Return what the run came to; the keys are those of ``run --json``."""
        seconds = self._board.seconds
        return {
            "ticks_expected": self._expected(),
            "ticks_published": self._outbox.rows,
            "moments_predicted": self._predicted,
            "streams": self._streams(),
            "latency_ms": self._reporter.latency_ms(),
            "stages_ms": self._stages.milliseconds(),
            "rmse": self._board.per_second(),
            "rmse_first": self._board.rmse(0, FIRST_S),
            "rmse_last": self._board.rmse(max(seconds - LAST_S, 0)),
            "rmse_after_10s": self._board.rmse(SETTLED_S),
            "parameter_version": self._received,
            "delay_s": delay_of(self._config, self._subject),
            "delay_deviation_s": self._delay_deviation_s,
            "bones": {label: bone.model_dump(mode="json") for label, bone in self._bones.items()},
        }

    def _streams(self) -> dict[str, dict[str, object]]:
        """Return how the streams were at the end."""
        now = clock.now()
        return {key: asdict(source.health(now)) for key, source in self._sources.items()}

    def say_stopped(self) -> None:
        """Say STOPPED, as the last message."""
        self._publisher.close()

    def close(self) -> None:
        """Say STOPPED if it has not been said, then release streams and addresses."""
        self.say_stopped()
        for source in self._sources.values():
            source.close()
        self._rows.close()
        self._updates.close()
        self._line.close()


def _level_watch(config: Config) -> LevelWatch:
    channels = config.streams.emg.channels
    return LevelWatch(channels, config.driving_channels, config.output.signals_hz)
