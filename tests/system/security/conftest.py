"""Keys, and servers that ask for them, on real sockets."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import zmq

from daemon.control.server import ControlServer
from daemon.ipc.requests import Reply, Request
from pipeline.output.message import MetaMessage
from pipeline.output.zmq import ZmqPublisher
from pipeline.streams import clock
from pipeline.transport.curve import ClientKeys, KeyPair, ServerKeys, be_client

META = MetaMessage(session="s", dofs=("knee",), rate_hz=100.0, muscles=("soleus",), valid_for_s=0.1)


class House:
    """A daemon's two ports, at work; `exo` may listen, `desk` may command, `other` is not listed.

    The publisher greets whoever comes in, and every command is answered with its name.
    """

    def __init__(self, stack: ExitStack) -> None:
        self.meta = META
        self.own, self.exo, self.desk, self.other = (KeyPair.new() for _ in range(4))
        self._stack = stack
        self.publisher = ZmqPublisher("tcp://127.0.0.1:*", META, self.lets_in(self.exo))
        self.control = ControlServer("tcp://127.0.0.1:*", self.lets_in(self.desk))
        for port in (self.publisher, self.control):
            stack.callback(port.close)
        self.taken: list[Request] = []
        self._done = threading.Event()
        thread = threading.Thread(target=self._serve)
        thread.start()
        stack.callback(thread.join)
        stack.callback(self._done.set)
        self._context = stack.enter_context(zmq.Context())

    def _serve(self) -> None:
        while not self._done.wait(0.005):
            self.publisher.tend(clock.now())
            for client, request in self.control.requests():
                self.taken.append(request)
                self.control.reply(client, Reply(ok=True, sentence=request.command))

    def lets_in(self, *clients: KeyPair) -> ServerKeys:
        return ServerKeys(self.own, frozenset(client.public for client in clients))

    def client(self, kind: int, address: str, keys: ClientKeys | None) -> zmq.Socket[bytes]:
        """Connect a raw client, which tries again by itself where it is refused."""
        socket = self._context.socket(kind)
        self._stack.callback(socket.close)
        socket.setsockopt(zmq.LINGER, 0)
        if kind == zmq.SUB:
            socket.setsockopt(zmq.SUBSCRIBE, b"")
        be_client(socket, keys)
        socket.connect(address)
        return socket

    def known_as(self, client: KeyPair) -> ClientKeys:
        return ClientKeys(client, self.own.public)


@pytest.fixture
def house() -> Iterator[House]:
    with ExitStack() as stack:
        yield House(stack)


@pytest.fixture
def write_pair(tmp_path: Path) -> Callable[[str, KeyPair], Path]:
    """Write a pair as `hillstream keys new` would; returns the secret key's file."""

    def write(name: str, pair: KeyPair) -> Path:
        secret = tmp_path / f"{name}.key"
        secret.write_text(pair.secret.decode())
        secret.chmod(0o600)
        secret.with_suffix(".pub").write_text(pair.public.decode())
        return secret

    return write
