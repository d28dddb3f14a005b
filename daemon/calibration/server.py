"""The port of a calibrator that serves several daemons."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import zmq

from daemon.assembly.calibrator import compute_device
from daemon.calibration.backlog import kept_s
from daemon.calibration.clients import KEEP_S, Client, Clients
from daemon.calibration.inbox import Inbox
from daemon.calibration.packed_rows import PackedRows
from daemon.calibration.shape import difference, installed_version, shape_of
from daemon.calibration.shops import Shops
from daemon.calibration.wire import (
    PROTOCOL,
    TO_CALIBRATOR,
    Beat,
    ClientsQuestion,
    ClientsReport,
    Join,
    Leave,
    Refusal,
    Welcome,
)
from daemon.config import Config
from daemon.ipc.messages import MAX_BYTES, LinkMessage, UpdateMessage
from daemon.ipc.orders import Order
from daemon.ipc.sockets import read
from pipeline.transport.bind import bind
from pipeline.transport.curve import Authenticator, ServerKeys

MESSAGES_PER_TURN = 500
"""No more are taken at once, so that a client that floods the port stops nothing else."""
QUEUE = 1000
"""Messages kept for a client that does not read, and of one that sends too much."""
TURN_S = 0.5
_KINDS = {kind.topic.encode("ascii"): kind for kind in TO_CALIBRATOR}
_NEWS = {UpdateMessage.topic.encode("ascii"): UpdateMessage}

logger = logging.getLogger(__name__)


class CalibratorServer:
    """Takes rows and orders of daemons, and sends them what their calibrators find.

    The thread whose `turn` is called again and again speaks with the daemons; another one, or
    other processes compute, so that nobody is lost while an update is under way.

    Parameters
    ----------
    config
        The set-up; that of a daemon may differ in what is a person's only.
    address
        ``tcp://127.0.0.1:5570``, ``tcp://0.0.0.0:5570`` with keys, ``ipc://PATH``.
    keys
        Who may come; None lets everyone on this machine, unencrypted.
    most
        So many daemons at once.
    processes
        So many processes share the calibrators; of 1, a thread of this one has them.
    now
        A steady clock, s.

    Raises
    ------
    UserError
        If the address is not valid, taken, or open to other machines without keys; if the model
        cannot be read, or there is no such device.
    """

    def __init__(
        self,
        config: Config,
        address: str,
        keys: ServerKeys | None,
        most: int,
        processes: int = 1,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config, self._now = config, now
        self._shape, self._device = shape_of(config), compute_device(config)
        self._clients = Clients(most)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_BYTES)
        self._socket.setsockopt(zmq.RCVHWM, QUEUE)
        self._socket.setsockopt(zmq.SNDHWM, QUEUE)
        self._door = keys and Authenticator(self._context, self._socket, keys, "calibrator")
        try:
            bind(self._socket, address, "--listen", "daemons are calibrated", keys is not None)
        except BaseException:
            self._release()
            raise
        self._shops = Shops(config, processes)

    @property
    def address(self) -> str:
        """Where daemons connect to, with the port that was really taken."""
        return self._socket.get_string(zmq.LAST_ENDPOINT)

    def turn(self, wait_s: float = TURN_S) -> None:
        """Wait for something to come for a moment, then do what follows from it."""
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        for line in self._shops.lines:
            poller.register(line.fileno(), zmq.POLLIN)
        poller.poll(round(1000 * wait_s))
        for _ in range(MESSAGES_PER_TURN):
            try:
                identity, *frames = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            self._take(identity, frames)
        for session, frame in self._shops.turn():
            self._pass_on(session, frame)
        if self._door:
            self._door.look()
        while (gone := self._clients.longest_away(self._now(), KEEP_S)) is not None:
            self._let_go(gone, f"has been away for {KEEP_S:g} s")

    def _take(self, identity: bytes, frames: list[bytes]) -> None:
        message = read(frames[0], _KINDS) if len(frames) == 1 else None
        client = self._clients.at(identity)
        if isinstance(message, Join):
            self._join(identity, message)
        elif isinstance(message, ClientsQuestion):
            self._send(identity, self.report())
        elif client is None:
            self._send(identity, Refusal(sentence=""))
        elif message is not None:
            client.heard_at = self._now()
            self._hear(client, message, len(frames[0]))

    def _join(self, identity: bytes, join: Join) -> None:
        refused = self._objection(join)
        if refused:
            logger.warning("'%s' was refused: %s", join.name, refused)
            self._send(identity, Refusal(sentence=refused))
            return
        client = self._clients.of(join.session)
        if client is not None and join.version > client.version:
            self._let_go(client, "has gone on by itself")
            client = None
        if client is None:
            client = self._newcomer(identity, join)
        else:
            logger.info("'%s' is back", join.name)
            self._clients.moved(client, identity)
        client.heard_at = self._now()
        self._send(identity, Welcome(have=client.have))
        if client.version > join.version:
            self._send_frame(identity, client.newest_set)

    def _objection(self, join: Join) -> str:
        """Return why a daemon cannot be served, in a sentence; empty where it can."""
        here, there = (PROTOCOL, installed_version()), (join.protocol, join.hillstream)
        if here != there:
            return (
                f"it is hillstream {join.hillstream} (link {join.protocol}), the calibrator "
                f"{here[1]} (link {here[0]}); install the same on both machines."
            )
        if differs := difference(join.shape, self._shape):
            return f"{differs}; give both machines the same set-up."
        try:
            join.subject(tuple(self._shape.muscles))
        except ValueError as error:
            return f"{error}."
        if self._clients.of(join.session) is None and not self._has_place():
            return f"{self._clients.most} daemons are served already (its --most)."
        return ""

    def _has_place(self) -> bool:
        """Tell whether another client may come; who is away makes place."""
        if not self._clients.full():
            return True
        away = self._clients.longest_away(self._now())
        if away is None:
            return False
        self._let_go(away, "was away when its place was needed")
        return True

    def _newcomer(self, identity: bytes, join: Join) -> Client:
        logger.info("'%s' has come, with parameter set %d", join.name, join.version)
        seconds = kept_s(self._config.calibrator, in_step=join.in_step)
        inbox = Inbox(round(seconds * self._config.model.rate_hz), join)
        client = Client(join, identity, inbox, self._now())
        self._clients.add(client)
        self._shops.seat(client)
        return client

    def _hear(self, client: Client, message: LinkMessage, size: int) -> None:
        if isinstance(message, PackedRows):
            self._take_rows(client, message, size)
        elif isinstance(message, Beat):
            client.inbox.set_whole(True)
            self._acknowledge(client)
        elif isinstance(message, Leave):
            self._let_go(client, "has ended")
        elif isinstance(message, Order):
            client.inbox.order(message)

    def _take_rows(self, client: Client, message: PackedRows, size: int) -> None:
        if (message.muscles, message.dofs) != (len(self._shape.muscles), len(self._shape.dofs)):
            said = f"its rows have {message.muscles} muscles and {message.dofs} joints."
            self._send(client.identity, Refusal(sentence=said))
            self._let_go(client, "sent rows of another shape")
            return
        if client.join.in_step:
            client.inbox.set_whole(False)
        try:
            client.take(message.unpacked(), size, self._now())
        except ValueError as error:
            logger.warning("Rows of '%s' were left out: %s", client.join.name, error)
        self._acknowledge(client)

    @property
    def _rows_per_update(self) -> float:
        return self._config.calibrator.stride_s * self._config.model.rate_hz

    def _acknowledge(self, client: Client) -> None:
        taken = client.taken(self._rows_per_update, len(self._clients), self._now())
        self._send(client.identity, taken)

    def _pass_on(self, session: str, frame: bytes) -> None:
        """Tell a client what its calibrator has come to."""
        client = self._clients.of(session)
        if client is None:
            return
        self._send_frame(client.identity, frame)
        if frame.startswith(f"{Refusal.topic} ".encode()):
            self._let_go(client, "was put out: its calibrator failed")
        elif frame.startswith(f"{UpdateMessage.topic} ".encode()):
            update = read(frame, _NEWS)
            assert isinstance(update, UpdateMessage)
            client.updated(update, frame, self._now())

    def _let_go(self, client: Client, why: str) -> None:
        logger.info("'%s' %s", client.join.name, why)
        self._clients.remove(client)
        self._shops.leave(client)

    def report(self) -> ClientsReport:
        """Return who is served, and how it goes."""
        now = self._now()
        return ClientsReport(
            hillstream=installed_version(),
            title=self._config.title,
            device=self._device,
            most=self._clients.most,
            refused=self._door.refused if self._door else 0,
            clients=[client.report(self._rows_per_update, now) for client in self._clients],
        )

    def _send(self, identity: bytes, message: LinkMessage) -> None:
        self._send_frame(identity, message.pack())

    def _send_frame(self, identity: bytes, frame: bytes) -> None:
        """Send a frame, or drop it where the client has gone or does not read; never waits."""
        self._socket.send_multipart([identity, frame], zmq.NOBLOCK)

    def close(self) -> None:
        """End once the updates that are under way are over; release the address."""
        self._shops.close()
        self._release()

    def _release(self) -> None:
        if self._door:
            self._door.close()
        self._socket.close()
        self._context.term()
