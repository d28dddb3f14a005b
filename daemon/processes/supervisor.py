"""The whole daemon: starts its processes, watches them, passes on their state, ends them."""

from __future__ import annotations

import json
import logging
import math
import os
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from daemon.assembly.keys import ConfiguredKeys
from daemon.assembly.model import model_in_use
from daemon.assembly.subject import starting_subject
from daemon.config import Config
from daemon.control.handler import RequestHandler
from daemon.control.parameter_history import Versions
from daemon.control.server import ControlServer
from daemon.host.systemd import Service
from daemon.ipc.messages import LinkMessage, UpdateMessage
from daemon.ipc.orders import DealerSocket
from daemon.ipc.recorder_messages import CommandMessage, EventMessage, TroubleMessage
from daemon.ipc.requests import Reply, Request
from daemon.ipc.sockets import Listener
from daemon.live.heard import NOTHING
from daemon.live.trust import trust_rule
from daemon.processes.nursery import Nursery
from daemon.processes.worker import PATIENCE_S as END_WITHIN_S
from daemon.processes.worker import Worker
from daemon.session.log import session_path
from pipeline.errors import UserError
from pipeline.model.subject import Subject
from pipeline.output.message import Message, StatusMessage
from pipeline.output.subscriber import listen
from pipeline.streams import clock
from pipeline.transport.curve import ClientKeys

TURN_S = 0.05
TOLD_S = 2.0
"""How long a remark stands that nothing else ends, s: two statuses tell of it."""
PREDICTOR_PATIENCE_S = 2.0
PATIENCE_S = 15.0
"""Longest that a loop may take to go round once, s: a tick, or a batch of rows to write."""
CALIBRATOR_PATIENCE_S = 60.0
"""The same of the calibrator, s: the search for a start, of many muscles on a slow machine. That
its process lives is seen from its beat."""
SILENT_S, DEAD_S = 1.0, 2.5
"""A calibrator without a sign of life is told of after the first, killed after the second, s."""
MOST_UNTOLD = 1000
"""Events kept while there is no recorder."""
_CALIBRATOR, _RELAY = "daemon.processes.calibrator:main", "daemon.processes.relay:main"
OnStatus = Callable[[StatusMessage], None]

logger = logging.getLogger(__name__)


def run(
    config: Config,
    config_path: Path,
    *,
    seconds: float | None,
    stop: threading.Event,
    on_status: OnStatus | None = None,
    nursery: Nursery | None = None,
    scout: Worker | None = None,
) -> dict[str, object]:
    """Run the daemon until `stop` is set or `seconds` have passed.

    Parameters
    ----------
    config, config_path
        The set-up and the file it came from.
    seconds
        How long to run, s, counted from when the predictor is at work; None for as long as
        `stop` allows.
    stop
        Ends the run in order.
    on_status
        Called with every status message that is published.
    nursery
        Where its processes are born; it is ended at the end. None for one of its own.
    scout
        Is to look for the streams, `daemon.processes.scout`; None for one of its own.

    Returns
    -------
    dict
        ``ticks_expected``, ``ticks_published``, ``moments_predicted``, ``streams``
        {key: {state, received, note}}, ``seq_gaps``, ``nonfinite``, ``latency_ms`` {p50, p99, max},
        ``rmse`` {dof: [per second]}, ``rmse_first``, ``rmse_last``, ``rmse_after_10s``
        {dof: N*m}, ``parameter_version``, ``restarts``, ``session`` (the session's file, None
        without one).

    Raises
    ------
    UserError
        If the set-up cannot be run: a wrong model, an address that is taken.
    """
    logger.info("Starting '%s' from %s", config.title, config_path)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hillstream-")))
        keys = ConfiguredKeys(config)
        server = _control_server(config, keys)
        stack.callback(server.close if server else lambda: None)
        service = stack.enter_context(closing(Service(os.environ)))
        nursery = stack.enter_context(nursery or Nursery())
        scout = scout or Worker(nursery, "scout", "daemon.processes.scout:main")
        stack.callback(_end_scout, scout)
        scout.start(config, folder)
        if config.envelope.kind == "raw":
            nursery.foresee("pipeline.emg.filter:EmgFilter")  # shared by all who filter
        daemon = _Daemon(config, folder, server, nursery)
        stack.callback(daemon.end)
        try:
            daemon.start()
            hear = (daemon.requests.hear, service.hear, *filter(None, [on_status]))
            monitor = _OutputMonitor(config.output.zmq, keys.listener, hear)
            stack.callback(monitor.end)
            _watch(daemon, service, seconds, stop)
            daemon.end()
        except KeyboardInterrupt:
            daemon.kill()
            raise
        return daemon.summary() | monitor.end()


def _end_scout(scout: Worker) -> None:
    scout.ask_to_stop()
    scout.join()


def _watch(daemon: _Daemon, service: Service, seconds: float | None, stop: threading.Event) -> None:
    """Look after the daemon until it is to end."""
    deadline: float | None = None
    while not stop.wait(TURN_S) and (deadline is None or time.monotonic() < deadline):
        daemon.turn()
        if daemon.predicts:
            service.ready()
            service.alive()
            if seconds is not None and deadline is None:
                deadline = time.monotonic() + seconds
    service.stopping()


def _control_server(config: Config, keys: ConfiguredKeys) -> ControlServer | None:
    if not config.control.enabled:
        return None
    insecure = config.security.insecure
    return ControlServer(config.control.address, keys.control, insecure=insecure)


class _Daemon:
    """Predictor and calibrator, and the newest parameters either needs to start again."""

    def __init__(
        self, config: Config, folder: Path, server: ControlServer | None, nursery: Nursery
    ) -> None:
        self._config = config
        names = ("rows", "updates", "events", "predictor", "calibrator")
        self._addresses = {name: f"ipc://{folder}/{name}" for name in names}
        self._folder, self._summary = folder, folder / "summary.json"
        start = starting_subject(config, model_in_use(config))
        self._versions = Versions(start)
        self._rule = trust_rule(config)
        self._trust = self._rule.initial(start.trusted or config.output.trust_generic)
        self._heard = NOTHING
        """Both kept here too, so that they outlive a predictor."""
        self._events = DealerSocket(self._addresses["events"], (TroubleMessage,), bind=True)
        self._untold: deque[LinkMessage] = deque(maxlen=MOST_UNTOLD)
        self.session = session_path(config) if config.session.enabled else None
        self.requests = RequestHandler(
            config, self._addresses, self._versions, server, self._log, self._doubt
        )
        self._updates = Listener(self._addresses["updates"], UpdateMessage)
        self._predictor = Worker(
            nursery,
            "predictor",
            "daemon.processes.predictor:main",
            PREDICTOR_PATIENCE_S,
            rehearsal="daemon.processes.predictor:rehearse",
        )
        self._calibrator = Worker(
            nursery,
            "calibrator",
            _CALIBRATOR if config.calibrator.here else _RELAY,
            CALIBRATOR_PATIENCE_S,
            beat_patience_s=DEAD_S,
        )
        self._recorder = Worker(nursery, "recorder", "daemon.processes.recorder:main", PATIENCE_S)
        self._log_trouble = ""
        self._recorder_restarted_at = -math.inf

    def start(self) -> None:
        self._prepare_predictor()
        self._predictor.await_spare()  # What is wrong with the set-up is said here, at once.
        if self.session is not None:
            self._start_recorder(self.session, resume=False)
        self._start_predictor()
        if self._config.calibrates:
            self._start_calibrator()

    @property
    def predicts(self) -> bool:
        """Whether the predictor is at work and its loop goes round."""
        return self._predictor.moves(PREDICTOR_PATIENCE_S)

    def _prepare_predictor(self) -> None:
        self._predictor.prepare(self._config, self._versions.subject(0))

    def _start_predictor(self) -> None:
        config = self._config.model_copy(update={"envelope": self.requests.envelope})
        self._predictor.start(
            config,
            self._addresses,
            *self._newest(),
            self._trust,
            self._heard,
            self._folder,
            self._summary,
        )

    def _start_recorder(self, path: Path, resume: bool) -> None:
        muscles = self._versions.subject(0).muscles
        self._recorder.start(self._config, self._addresses, muscles, path, resume)

    def _start_calibrator(self) -> None:
        self._calibrator.start(self._config, self._addresses, *self._newest())

    def _newest(self) -> tuple[Subject, int]:
        version = self._versions.newest
        return self._versions.subject(version), version

    def turn(self) -> None:
        """Look after the processes once."""
        self._keep_new_parameters()
        self.requests.turn()
        self._speak_with_the_recorder()
        if self._ended(self._predictor):
            self._start_predictor()
        if self._config.calibrates:
            self._look_after_the_calibrator()
        if self.session is not None and self._ended(self._recorder):
            self._recorder_restarted_at, self._log_trouble = clock.now(), ""
            self._start_recorder(self.session, resume=self.session.exists())
        self.requests.concern("session", self._trouble_of_the_log(), degrades=False)
        if self._all_ready():
            self._prepare_predictor()

    def _look_after_the_calibrator(self) -> None:
        worker = self._calibrator
        if self._ended(worker):
            self._start_calibrator()
        sentence = ""
        if not worker.moves(SILENT_S) and (worker.restarts or worker.ready):
            what = "is being started again"
            if worker.alive and worker.ready:
                what = "is held up" if worker.computes else "does not move"
            sentence = (
                f"The calibrator {what}; prediction goes on with parameter set "
                f"{self._versions.newest}."
            )
        self.requests.concern("calibrator", sentence, degrades=True)

    def _all_ready(self) -> bool:
        """Tell whether all are at work, so that a spare predictor's start holds nobody up."""
        recorder = self.session is None or self._recorder.ready
        calibrator = not self._config.calibrates or self._calibrator.ready
        return self._predictor.ready and calibrator and recorder

    def _ended(self, worker: Worker) -> bool:
        """Tell whether a worker is to be started again; one that hangs is ended first."""
        try:
            worker.check()
        except UserError as error:
            if worker is self._predictor or not worker.restarts:
                raise
            logger.error("The %s ended: %s", worker.name, error)
            self._tell("complaint", str(error))
        if worker.kill_if_hung():
            self._tell("hang", f"The {worker.name} hung and was killed.")
        if not worker.restart_due():
            return False
        self._tell("restart", f"The {worker.name} ended unexpectedly and is started again.")
        return True

    def _speak_with_the_recorder(self) -> None:
        """Tell the recorder what it has not been told yet, if it is there; hear what ails it."""
        while self._untold and self._events.send(self._untold[0]):
            self._untold.popleft()
        while isinstance(trouble := self._events.receive(), TroubleMessage):
            self._log_trouble = trouble.sentence

    def _trouble_of_the_log(self) -> str:
        """Return what ails it; a new recorder is told of until it works and a status said so."""
        away = self._recorder.restarts > 0 and not self._recorder.moves(math.inf)
        anew = away or clock.now() < self._recorder_restarted_at + TOLD_S
        return self._log_trouble or ("The recorder has ended and is started again." if anew else "")

    def _tell(self, kind: str, sentence: str) -> None:
        """Put an event into the session log."""
        self._untold.append(EventMessage.now("supervisor", kind, sentence))

    def _doubt(self, version: int) -> str:
        return self._trust.doubt(version)

    def _log(self, request: Request, reply: Reply) -> None:
        by = f" by {request.by}" if request.by else ""
        logger.info("Command '%s'%s: %s", request.command, by, reply.sentence)
        self._untold.append(CommandMessage.of(request, reply))

    def _keep_new_parameters(self) -> None:
        while isinstance(update := self._updates.receive(), UpdateMessage):
            self._trust = self._rule.step(self._trust, update)
            self._heard = self._heard.step(update)
            if update.version > self._versions.newest:
                subject = update.subject(self._versions.subject(0))
                self._versions.add(update.version, subject, update.certainty)

    def end(self) -> None:
        """End predictor, whose last message says STOPPED, and calibrator; then the recorder."""
        for workers in ((self._predictor, self._calibrator), (self._recorder,)):
            deadline = time.monotonic() + END_WITHIN_S
            for worker in workers:
                worker.ask_to_stop()
            for worker in workers:
                worker.join(max(0.0, deadline - time.monotonic()))
        self._updates.close()
        self._events.close()
        self.requests.close()

    def kill(self) -> None:
        """End all processes at once."""
        for worker in (self._predictor, self._calibrator, self._recorder):
            worker.kill()

    def summary(self) -> dict[str, object]:
        """Return what the predictor left behind, and how often something was restarted."""
        summary: dict[str, object] = {}
        if self._summary.exists():
            summary = json.loads(self._summary.read_text(encoding="utf-8"))
        workers = (self._predictor, self._calibrator, self._recorder)
        return summary | {
            "restarts": {worker.name: worker.restarts for worker in workers},
            "session": None if self.session is None else str(self.session),
        }


class _OutputMonitor:
    """A subscriber like any other: counts what really arrives, and passes on the status."""

    def __init__(
        self, address: str | None, keys: ClientKeys | None, on_status: Sequence[OnStatus]
    ) -> None:
        self._keys, self._on_status = keys, on_status
        self._done = threading.Event()
        self._heard: dict[str, object] = {"seq_gaps": None, "nonfinite": None}
        self._thread = threading.Thread(target=self._listen, args=(address,), daemon=True)
        self._thread.start()

    def _listen(self, address: str | None) -> None:
        if address is not None:
            heard = listen(address, self._hear, stop=self._done.is_set, keys=self._keys)
            self._heard = {key: heard[key] for key in self._heard}

    def _hear(self, message: Message) -> None:
        if isinstance(message, StatusMessage):
            for tell in self._on_status:
                tell(message)

    def end(self) -> dict[str, object]:
        self._done.set()
        self._thread.join()
        return self._heard
