"""A daemon's connection to a calibrator elsewhere: joins, sends, and joins again after a loss."""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from secrets import token_hex
from typing import NamedTuple

import zmq
from zmq.utils.monitor import recv_monitor_message

from daemon.assembly.keys import ConfiguredKeys
from daemon.calibration.backlog import Backlog, kept_s
from daemon.calibration.shape import SetUpShape, installed_version, shape_of
from daemon.calibration.wire import (
    FROM_CALIBRATOR,
    PROTOCOL,
    Beat,
    Join,
    Leave,
    Refusal,
    Taken,
    Welcome,
    packed_person,
)
from daemon.config import Config
from daemon.ipc.messages import MAX_BYTES, LinkMessage, UpdateMessage
from daemon.ipc.orders import Answer
from daemon.ipc.sockets import QUEUE, read
from pipeline.model.subject import Subject
from pipeline.timebase.rows import PairedRows
from pipeline.transport.curve import ClientKeys, be_client

BEAT_S = 0.5
"""Who has no rows to send shows after this time that they are there, s."""
SILENT_S = 1.5
"""A calibrator that acknowledges nothing for so long is lost, s."""
RETRY_S = 2.0
"""An attempt to join is given up after this, and the next one begins, s."""
REFUSED_S = 5.0
"""Who was refused tries again after this, s: somebody may have mended it."""
LEAVE_MS = 200
"""How long the last word may be on its way."""
_SHUT_OUT = (
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
)
_KINDS = {kind.topic.encode("ascii"): kind for kind in FROM_CALIBRATOR}

logger = logging.getLogger(__name__)


class Standing(NamedTuple):
    """Where the daemon stands."""

    subject: Subject
    version: int
    stranger: bool
    """Whether nothing is known of the person."""


def configured_link(config: Config, whose: str, *, in_step: bool = False) -> CalibratorLink:
    """Return the link to where the set-up's calibrator is.

    Parameters
    ----------
    whose
        What the client is called where clients are listed.
    in_step
        As for `CalibratorLink`.
    """
    section = config.calibrator
    return CalibratorLink(
        section.where,
        ConfiguredKeys(config).sender(section.server_key),
        f"{whose} on {platform.node()}"[:200],
        shape_of(config),
        kept_s(section, in_step=in_step),
        in_step=in_step,
    )


class CalibratorLink:
    """One daemon's link to a calibrator elsewhere; never waits.

    Parameters
    ----------
    address
        Where the calibrator listens.
    keys
        What it knows the daemon by; None where it asks for no keys.
    name
        What the daemon is called there.
    shape
        Of the daemon's set-up.
    window_s
        Rows of this length of time are kept, to be sent again, s.
    in_step
        Whether each update is to stand on all rows that were added before it.
    now
        A steady clock, s.
    """

    def __init__(
        self,
        address: str,
        keys: ClientKeys | None,
        name: str,
        shape: SetUpShape,
        window_s: float,
        *,
        in_step: bool = False,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.address = address
        self._keys, self._name, self._shape, self._now = keys, name, shape, now
        self._in_step = in_step
        self._backlog = Backlog(window_s)
        self._session = token_hex(16)
        self._socket: zmq.Socket[bytes] | None = None
        self._monitor: zmq.Socket[bytes] | None = None
        self.joined = False
        self.taken: Taken | None = None
        """What the calibrator last told of what has arrived; None before."""
        self._told_of_all = False
        """Whether the calibrator knows that it has all rows that there were when it was joined, or
        in step all there are."""
        self._refused = ""
        self._shut_out = self._was_shut_out = False
        """In this attempt to join, and in the one before."""
        self._heard_at = self._said_at = self._turned_at = now()
        self._next_try = now()

    @property
    def trouble(self) -> str:
        """Why the link does not work, in a sentence; empty where it does, or may at any moment."""
        if self.joined:
            return ""
        if self._refused:
            return f"The calibrator at {self.address} refuses this daemon: {self._refused}"
        if self._shut_out or self._was_shut_out:
            return (
                f"The calibrator at {self.address} does not let this daemon in: its key is not "
                "listed there, or calibrator.server_key is not that calibrator's."
            )
        if self._now() - self._heard_at < SILENT_S:
            return ""
        return f"The calibrator at {self.address} does not answer."

    @property
    def refused(self) -> bool:
        """Whether the calibrator is there but does not want this client."""
        return bool(self._refused)

    def begin_anew(self) -> None:
        """Be another client from now on, who begins where the daemon stands at the next `turn`."""
        self._session = token_hex(16)
        self._lose(self._now())

    def add(self, rows: PairedRows) -> None:
        """Take rows to be sent."""
        if self._backlog.goes_back(rows):
            logger.warning("The rows' clock went back; the calibrator begins with an empty window")
            self._backlog.clear()
            self.begin_anew()
        self._backlog.add(rows)
        self._told_of_all &= not self._in_step

    def wait(self, wait_s: float) -> None:
        """Wait until something may have come, or for so long, s."""
        if self._socket is not None:
            self._socket.poll(round(1000 * wait_s))

    def send(self, message: LinkMessage) -> bool:
        """Send a message; returns False where it cannot be."""
        return self.joined and self._pass(message.pack())

    def turn(self, standing: Standing) -> Iterator[UpdateMessage | Answer | Welcome]:
        """Do what is due; yield what has come: updates, answers, and that it was let in."""
        for message in self._received():
            yield from self._hear(message)
        now = self._now()
        slept_s, self._turned_at = now - self._turned_at, now
        if slept_s > BEAT_S:  # who said nothing was owed no answer
            self._heard_at += slept_s
        if self.joined and now - self._heard_at > SILENT_S:
            logger.warning("The calibrator at %s does not answer", self.address)
            self._lose(now)
        if not self.joined and now >= self._next_try:
            self._join(standing, now)
        if self.joined:
            self._send_rows()
            silent = now - self._said_at > BEAT_S
            if self._backlog.all_sent and (silent or not self._told_of_all):
                self._told_of_all = self._pass(Beat().pack())

    def _hear(self, message: LinkMessage) -> Iterator[UpdateMessage | Answer | Welcome]:
        self._heard_at = self._now()
        if isinstance(message, Refusal):
            if message.sentence and message.sentence != self._refused:
                logger.error("The calibrator at %s refuses: %s", self.address, message.sentence)
            self._refused = message.sentence
            self._lose(self._now() + (REFUSED_S if message.sentence else 0.0))
        elif isinstance(message, Welcome):
            logger.info("The calibrator at %s is at work", self.address)
            self.joined, self._refused = True, ""
            self._shut_out = self._was_shut_out = False
            self._told_of_all = False
            self._backlog.begin(message.have)
            yield message
        elif isinstance(message, Taken):
            self.taken = message
            self._backlog.arrived(message.have)
        elif isinstance(message, UpdateMessage | Answer):
            yield message

    def _join(self, standing: Standing, now: float) -> None:
        """Begin an attempt on a socket of its own, on which nothing old is under way."""
        self._disconnect()
        self._next_try = now + RETRY_S
        self._was_shut_out, self._shut_out = self._shut_out, False
        self._connect()
        subject, version, stranger = standing
        join = Join(
            protocol=PROTOCOL,
            hillstream=installed_version(),
            name=self._name,
            session=self._session,
            shape=self._shape,
            version=version,
            person=packed_person(subject),
            bones=dict(subject.bones),
            stranger=stranger,
            in_step=self._in_step,
        )
        self._pass(join.pack())

    def _connect(self) -> None:
        socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        socket.setsockopt(zmq.SNDHWM, QUEUE)
        socket.setsockopt(zmq.RCVHWM, QUEUE)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.MAXMSGSIZE, MAX_BYTES)
        be_client(socket, self._keys)
        self._socket, self._monitor = socket, socket.get_monitor_socket(_SHUT_OUT)
        socket.connect(self.address)

    def _disconnect(self) -> None:
        if self._socket is not None and self._monitor is not None:
            self._look_at_the_door(self._monitor)
            self._socket.disable_monitor()
            self._monitor.close()
            self._socket.close()
        self._socket = self._monitor = None

    def _look_at_the_door(self, monitor: zmq.Socket[bytes]) -> None:
        """Take note of whether the key was refused."""
        with suppress(zmq.Again):
            while True:
                recv_monitor_message(monitor, zmq.NOBLOCK)
                self._shut_out = self._keys is not None

    def _lose(self, next_try: float) -> None:
        self.joined, self.taken = False, None
        self._next_try = next_try

    def _received(self) -> Iterator[LinkMessage]:
        if self._monitor is not None:
            self._look_at_the_door(self._monitor)
        with suppress(zmq.Again):
            while self._socket is not None:
                message = read(self._socket.recv(zmq.NOBLOCK), _KINDS)
                if message is not None:
                    yield message

    def _send_rows(self) -> None:
        while (frame := self._backlog.next()) is not None and self._pass(frame):
            self._backlog.sent()

    def _pass(self, frame: bytes) -> bool:
        if self._socket is None:
            return False
        try:
            self._socket.send(frame, zmq.NOBLOCK)
        except zmq.Again:
            return False
        self._said_at = self._now()
        return True

    def close(self) -> None:
        """Take leave, and release the connection."""
        if self._socket is not None and self.joined:
            self._pass(Leave().pack())
            self._socket.setsockopt(zmq.LINGER, LEAVE_MS)
        self._disconnect()
