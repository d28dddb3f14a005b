"""The operator's desk: commands come in, are carried out or refused, and are answered."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from daemon.config import Config, EnvelopeConfig
from daemon.control.parameter_history import Versions
from daemon.control.server import ControlServer
from daemon.ipc.orders import (
    ANSWERS,
    Answer,
    ConcernOrder,
    DealerSocket,
    ForgetOrder,
    Hello,
    Order,
    PauseOrder,
    Recorded,
    RecordOrder,
    RestoreOrder,
    SamplesOrder,
    WorkerName,
)
from daemon.ipc.requests import READS, Command, Reply, Request
from pipeline.output.message import StatusMessage
from pipeline.streams import clock

if TYPE_CHECKING:
    from pipeline.model.skeleton.tree import KinematicTree

ANSWER_WITHIN_S = 1.5
"""How long a worker may take; below the patience of `hillstream ctl`."""

LOG_LENGTH = 50
"""So many of the newest commands are told with the status."""

Array = NDArray[np.float64]
Log = Callable[[Request, Reply], None]


@dataclass(frozen=True)
class _Waiting:
    """A client whose answer a worker has to give."""

    client: bytes
    request: Request
    worker: WorkerName
    deadline: float


class RequestHandler:
    """Serves the control port, and keeps what the operator has set.

    Parameters
    ----------
    config
        The set-up.
    addresses
        Link addresses: ``predictor`` and ``calibrator`` are the lines to the workers.
    versions
        The parameter sets there are.
    server
        The control port, or None where there is none.
    log
        Told of every command that does more than ask, and its outcome.
    doubt
        Returns why a parameter set is not trusted, in a sentence; empty where it is.
    """

    def __init__(
        self,
        config: Config,
        addresses: dict[str, str],
        versions: Versions,
        server: ControlServer | None,
        log: Log,
        doubt: Callable[[int], str],
    ) -> None:
        self._config = config
        self._versions = versions
        self._skeleton = _free_skeleton(config) if config.torque_free else None
        self._server = server
        self._log = log
        self._doubt = doubt
        self._lines: dict[WorkerName, DealerSocket] = {
            "predictor": DealerSocket(addresses["predictor"], ANSWERS, bind=True),
            "calibrator": DealerSocket(
                addresses["calibrator"], (*ANSWERS, ConcernOrder), bind=True
            ),
        }
        self._numbers = count(1)
        self._waiting: dict[int, _Waiting] = {}
        self._since: float | None = None
        self.envelope: EnvelopeConfig = config.envelope
        """MVC and resting levels as they are now: what a predictor has to start with."""
        self._paused = False
        self._recording: Recorded | None = None
        self._concerns: dict[str, ConcernOrder] = {}
        self._status: StatusMessage | None = None
        self._commands: deque[dict[str, Any]] = deque(maxlen=LOG_LENGTH)
        """As the status reply tells them."""

    def hear(self, status: StatusMessage) -> None:
        """Take note of the newest status that was published; from any thread."""
        self._status = status

    def turn(self) -> None:
        """Take what has come from clients and workers; never waits."""
        for name, line in self._lines.items():
            while (message := line.receive()) is not None:
                self._hear(name, message)
        self._give_up(time.monotonic())
        for client, request in self._server.requests() if self._server else ():
            self._take(client, request)

    def concern(self, cause: str, sentence: str, *, degrades: bool) -> None:
        """Have the status tell of something until it is over, which an empty sentence says."""
        known = self._concerns.get(cause)
        if sentence == (known.sentence if known else ""):
            return
        order = ConcernOrder(cause=cause, sentence=sentence, degrades=degrades)
        self._concerns[cause] = order
        self._lines["predictor"].send(order)  # who is not there yet hears of it on saying hello

    def close(self) -> None:
        """Release the lines."""
        for line in self._lines.values():
            line.close()

    def _take(self, client: bytes, request: Request) -> None:
        outcome = self._begin(request)
        if isinstance(outcome, Reply):
            self._reply(client, request, outcome)
            return
        number = next(self._numbers)
        if not self._lines[outcome.worker].send(outcome.model_copy(update={"number": number})):
            self._reply(client, request, self._absent(request, outcome.worker))
            return
        deadline = time.monotonic() + ANSWER_WITHIN_S
        self._waiting[number] = _Waiting(client, request, outcome.worker, deadline)

    def _begin(self, request: Request) -> Reply | Order:
        """Return the reply, or the order to a worker whose answer will be the reply."""
        match request.command:
            case Command.STATUS:
                return self._told()
            case Command.SAVE:
                return self._saved()
            case Command.MARK:
                return Reply(ok=True, sentence=f"Marked at {clock.now():.3f} s: {request.text}")
            case Command.PAUSE | Command.RESUME:
                return self._pause(request.command is Command.PAUSE)
            case Command.COMPARE:
                return self._compared(request.version or 0)
            case Command.SAMPLES:
                return self._sample(request.channels[0])
            case Command.ROLLBACK:
                return self._roll_back(request.version or 0)
            case Command.MVC_START | Command.MVC_STOP:
                begin = request.command is Command.MVC_START
                asked = {"confirmed": request.confirmed, "channels": request.channels}
                return RecordOrder(what="mvc", begin=begin, **asked)
            case Command.BASELINE_START | Command.BASELINE_STOP:
                return RecordOrder(what="baseline", begin=request.command is Command.BASELINE_START)

    def _pause(self, paused: bool) -> Reply | Order:
        if not self._config.calibrates:
            return _refused("Nothing is calibrated in this run, so there is nothing to pause.")
        self._paused = paused
        return PauseOrder(paused=paused)

    def _roll_back(self, version: int) -> Reply | Order:
        if version not in self._versions:
            return self._unknown(version)
        if not self._config.calibrates:
            return _refused("Nothing is calibrated in this run, so version 0 is in force anyway.")
        subject, certainty = self._versions.subject(version), self._versions.certainty(version)
        return RestoreOrder.of(version, subject, certainty)

    def _unknown(self, version: int) -> Reply:
        return _refused(f"Version {version} is unknown; known are {self._versions.known}.")

    def _compared(self, version: int) -> Reply:
        """Return what a rollback to a version would change."""
        if version not in self._versions:
            return self._unknown(version)
        newest = self._versions.newest
        now, then = self._versions.subject(newest), self._versions.subject(version)
        parameters = {
            name: _pairs(now.muscles, values, then.values()[name])
            for name, values in now.values().items()
        }
        data: dict[str, Any] = {"version": version, "newest": newest, "parameters": parameters}
        if now.bones:
            data["bones"] = {label: [x, then.bones[label]] for label, x in now.bones.items()}
        if now.delay_s is not None or then.delay_s is not None:
            data["delay_s"] = [now.delay_s, then.delay_s]
        sentence = f"Version {version} beside version {newest}, which is in force."
        return Reply(ok=True, sentence=sentence, data=data)

    def _sample(self, channel: str) -> Reply | Order:
        """Return the order for raw EMG of a channel, or why there is none."""
        emg = self._config.streams.emg
        if self._config.envelope.kind != "raw":
            return _refused("The EMG comes as ready envelopes, so there are no raw samples.")
        if channel not in emg.channels:
            return _refused(
                f"The EMG has no channel {channel!r:.110}; it has {', '.join(emg.channels)}."
            )
        return SamplesOrder(channel=channel)

    def _told(self) -> Reply:
        """Return the status: the newest that was published, and what the operator has set."""
        status = self._status
        told: dict[str, Any] = {
            "title": self._config.title,
            "version": self._versions.newest,
            "versions_known": self._versions.known,
            "calibrates": self._config.calibrates,
            "paused": self._paused,
            "recording": self._recording,
            "refused_operators": self._server.kept_out if self._server else 0,
            **self._levels(),
            "log": list(self._commands),
            "age_s": None if status is None else clock.now() - status.t,
            "status": None if status is None else status.model_dump(mode="json"),
        }
        if status is None:
            return Reply(ok=True, sentence="The predictor has not reported yet.", data=told)
        return Reply(ok=True, sentence=f"{status.status}: {status.note}", data=told)

    def _saved(self) -> Reply:
        version = self._versions.newest
        doubt = self._doubt(version)
        subject = replace(self._versions.subject(version), trusted=not doubt)
        data: dict[str, Any] = {"version": version, "subject": subject.content(), "doubt": doubt}
        if self._skeleton is not None:
            data["skeleton"] = _content_of(self._skeleton, subject.bones)
        sentence = f"Parameter set {version} was handed over to be written."
        if doubt:
            sentence += " It has not been shown to fit this person."
        return Reply(ok=True, sentence=sentence, data=data | self._levels())

    def _levels(self) -> dict[str, Any]:
        return {"mvc": dict(self.envelope.mvc), "baseline": self.envelope.baseline}

    def _hear(self, name: WorkerName, message: object) -> None:
        if isinstance(message, Hello):
            self._welcome(name)
        elif isinstance(message, Answer):
            self._settle(name, message)
        elif isinstance(message, ConcernOrder):  # of the link to a calibrator elsewhere
            self.concern(message.cause, message.sentence, degrades=message.degrades)

    def _welcome(self, name: WorkerName) -> None:
        """Tell a worker that has started what was ordered before its time."""
        if name == "predictor":
            self._recording = None
            for concern in self._concerns.values():
                self._lines[name].send(concern)
            return
        if self._paused:
            self._lines[name].send(PauseOrder(paused=True))
        self._order_to_forget()

    def _order_to_forget(self) -> None:
        if self._since is not None:
            self._lines["calibrator"].send(ForgetOrder(before=self._since))

    def _settle(self, name: WorkerName, answer: Answer) -> None:
        if name == "predictor":
            self._recording = answer.recording
        before = dict(self.envelope.mvc)
        if answer.scale is not None:
            levels = {"mvc": answer.scale.mvc, "baseline": answer.scale.baseline}
            self.envelope = self.envelope.model_copy(update=levels)
            self._since = answer.scale.since
            self._order_to_forget()
        waiting = self._waiting.pop(answer.number, None)
        if waiting is not None:
            data = self._levels() if answer.scale else {}
            if answer.scale:
                data |= {"changed": answer.scale.changed, "before": before}
            if answer.fallen:
                data["fallen"] = list(answer.fallen)
            if answer.samples is not None:
                data |= self._samples(waiting.request.channels[0], answer.samples)
            reply = Reply(ok=answer.ok, sentence=answer.sentence, data=data)
            self._reply(waiting.client, waiting.request, reply)

    def _samples(self, channel: str, packed: bytes) -> dict[str, Any]:
        x = [v if math.isfinite(v) else None for v in memoryview(packed).cast("d").tolist()]
        rate_hz = self._config.streams.emg.rate_hz
        return {"channel": channel, "rate_hz": rate_hz, "unit": "V", "x": x}

    def _give_up(self, now: float) -> None:
        late = [number for number, w in self._waiting.items() if now > w.deadline]
        for number in late:
            waiting = self._waiting.pop(number)
            self._reply(
                waiting.client,
                waiting.request,
                _refused(
                    f"The {waiting.worker} has not answered within {ANSWER_WITHIN_S:g} s, but may "
                    "still do it; see 'hillstream ctl status'."
                ),
            )

    def _absent(self, request: Request, worker: WorkerName) -> Reply:
        if request.command in (Command.PAUSE, Command.RESUME):
            return Reply(
                ok=True,
                sentence=f"The calibrator is being started and will be told to {request.command}.",
            )
        return _refused(f"The {worker} is being started; try again in a few seconds.")

    def _reply(self, client: bytes, request: Request, reply: Reply) -> None:
        if request.command not in READS:
            self._log(request, reply)
            self._commands.append(_entry(request, reply))
        if self._server:
            self._server.reply(client, reply)


def _entry(request: Request, reply: Reply) -> dict[str, Any]:
    """Return a command that has just been answered, as the status reply tells of it."""
    return {
        "t": clock.now(),
        "command": request.command.value,
        "argument": request.argument,
        "ok": reply.ok,
        "sentence": reply.sentence,
        "by": request.by,
    }


def _pairs(muscles: Sequence[str], now: Array, then: Array) -> dict[str, list[float]]:
    """Return both values of each muscle."""
    pairs = np.stack([now, then], axis=1).tolist()
    return dict(zip(muscles, pairs, strict=True))


def _refused(sentence: str) -> Reply:
    return Reply(ok=False, sentence=sentence)


def _free_skeleton(config: Config) -> KinematicTree | None:
    from daemon.assembly.skeleton import free_skeleton  # loads torch, which few set-ups need here

    return free_skeleton(config)


def _content_of(skeleton: KinematicTree, bones: Mapping[str, float]) -> dict[str, Any]:
    """Return the content of a skeleton file with the bones of a parameter set."""
    from daemon.assembly.skeleton import with_bones
    from pipeline.model.skeleton.tree_file import skeleton_content

    return skeleton_content(with_bones(skeleton, bones))
