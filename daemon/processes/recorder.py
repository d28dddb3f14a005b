"""The recorder's process: hears what all others say, and writes it down."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

from daemon.config import Config
from daemon.ipc.messages import LinkMessage, UpdateMessage
from daemon.ipc.orders import DealerSocket
from daemon.ipc.recorder_messages import (
    CommandMessage,
    EmgMessage,
    EventMessage,
    MusclesTrace,
    SecondMessage,
    TraceMessage,
    TroubleMessage,
)
from daemon.ipc.requests import ControlError, unpack_reply, unpack_request
from daemon.ipc.sockets import Listener
from daemon.processes.signs import Stop
from daemon.session.log import SessionLog, about
from daemon.session.recorder import Recorder, recorder_of
from pipeline.output.message import MessageError
from pipeline.streams.base import SourceState

COMMIT_EVERY_S = 0.3
"""What has not been committed is lost when the process is killed."""
POLL_S = 0.05
MOST_AT_ONCE = 100
NICENESS = 5

logger = logging.getLogger(__name__)


def main(
    config: Config,
    addresses: dict[str, str],
    muscles: tuple[str, ...],
    path: Path,
    resume: bool,
    stop: Stop,
) -> None:
    """Record until told to stop.

    Parameters
    ----------
    config
        The set-up.
    addresses
        Link addresses to listen on: ``rows``, ``updates`` and ``events``.
    muscles
        Names of the muscles, in the order of every parameter.
    path
        The session's file.
    resume
        Whether the file is there already, from a recorder that ended.
    stop
        Tells when to end.
    """
    os.nice(NICENESS)
    with SessionLog(path, {} if resume else about(config, muscles), resume) as log:
        recorder = recorder_of(config, log, muscles)
        worker = RecorderWorker(recorder, log, addresses)
        stop.announce_ready()
        while not stop.requested():
            worker.turn()
        while worker.turn():
            pass  # what has been said before the end
        worker.close()


class RecorderWorker:
    """The recorder with its connections.

    Parameters
    ----------
    recorder, log
        What does the work.
    addresses
        As for `main`.
    """

    def __init__(self, recorder: Recorder, log: SessionLog, addresses: dict[str, str]) -> None:
        self._recorder, self._log = recorder, log
        self._line = DealerSocket(addresses["events"], (EventMessage, CommandMessage), bind=False)
        self._listeners = (
            Listener(addresses["rows"], TraceMessage, MusclesTrace, EmgMessage, SecondMessage),
            Listener(addresses["updates"], UpdateMessage),
            self._line,
        )
        self._told: str | None = None
        self._states: dict[str, SourceState] = {}
        self._commit_due = time.monotonic()

    def turn(self) -> int:
        """Take what has come and write it when it is time; return how many messages came."""
        taken = sum(self._take(listener) for listener in self._listeners)
        if not taken:
            time.sleep(POLL_S)
        if time.monotonic() >= self._commit_due:
            self._commit()
        return taken

    def _commit(self) -> None:
        """Write what waits; tell the supervisor when that fails, and when it works again."""
        self._log.commit()
        self._commit_due = time.monotonic() + COMMIT_EVERY_S
        trouble = self._log.trouble
        if trouble != self._told:
            self._told = trouble
            said = f"The session log cannot be written ({trouble}); make room on the disk."
            self._line.send(TroubleMessage(sentence=said if trouble else ""))

    def _take(self, listener: Listener | DealerSocket) -> int:
        for count in range(MOST_AT_ONCE):
            message = listener.receive()
            if message is None:
                return count
            try:
                self._note(message)
            except (ValueError, MessageError, ControlError) as error:
                logger.warning("The recorder left something out: %s", error)
        return MOST_AT_ONCE

    def _note(self, message: LinkMessage) -> None:
        recorder = self._recorder
        match message:
            case TraceMessage():
                recorder.moments(*message.columns())
            case MusclesTrace():
                recorder.muscles.add(*message.columns())
            case EmgMessage():
                recorder.emg(*message.columns())
            case UpdateMessage():
                recorder.update(message)
            case SecondMessage():
                self._second(message)
            case EventMessage():
                recorder.event(message.t, message.source, message.kind, message.sentence)
            case CommandMessage():
                request, reply = unpack_request(message.request), unpack_reply(message.reply)
                recorder.command(message.t, request, reply)

    def _second(self, message: SecondMessage) -> None:
        """Note the status, and what has changed since the last one."""
        status = message.message()
        self._recorder.status(status, message.histogram)
        for stream in status.streams:
            before = self._states.get(stream.key)
            if before is not None and before != stream.state:
                sentence = f"The {stream.key} stream is {stream.state}, it was {before}."
                self._recorder.event(status.t, stream.key, "state", sentence)
            self._states[stream.key] = SourceState(stream.state)

    def close(self) -> None:
        """Release the connections."""
        for listener in self._listeners:
            listener.close()
