"""The control port on real sockets, with clients that misbehave."""

import threading
from collections.abc import Callable, Iterator

import pytest
import zmq

from daemon.control.client import ask
from daemon.control.server import MAX_FRAME_BYTES, ControlServer
from daemon.ipc.requests import Command, Reply, Request, unpack_reply
from pipeline.errors import UserError

pytestmark = pytest.mark.system

PATIENCE_S = 30.0
MARK = Request(command=Command.MARK, text="here")


@pytest.fixture
def server(ipc_address) -> Iterator[ControlServer]:
    """A server that answers every request with its command."""
    port, done = ControlServer(ipc_address), threading.Event()

    def serve() -> None:
        while not done.wait(0.005):
            for client, request in port.requests():
                port.reply(client, Reply(ok=True, sentence=request.command))

    thread = threading.Thread(target=serve)
    thread.start()
    yield port
    done.set()
    thread.join()
    port.close()


@pytest.fixture
def client(server) -> Iterator[Callable[[int], zmq.Socket[bytes]]]:
    """Connect a raw socket of a kind to the server."""
    with zmq.Context() as context:
        opened = []

        def connect(kind: int) -> zmq.Socket[bytes]:
            socket = context.socket(kind)
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt(zmq.RCVTIMEO, round(1000 * PATIENCE_S))
            socket.connect(server.address)
            opened.append(socket)
            return socket

        yield connect
        for socket in opened:
            socket.close()


def test_a_request_is_answered(server):
    assert ask(server.address, MARK, PATIENCE_S) == Reply(ok=True, sentence="mark")


@pytest.mark.parametrize("noise", [b"", b"hello", b"\x81\xa1v\x01", bytes(MAX_FRAME_BYTES - 9)])
def test_a_malformed_request_gets_an_error_and_the_next_is_served(noise, client):
    socket = client(zmq.REQ)
    socket.send(noise)
    reply = unpack_reply(socket.recv())
    assert not reply.ok
    assert reply.sentence.startswith("The request")
    socket.send(MARK.pack())
    assert unpack_reply(socket.recv()).ok


@pytest.mark.parametrize("frames", [[b"a"], [b"", b"", b"a"], [b"x", MARK.pack()]])
def test_an_envelope_that_is_not_reqs_gets_an_error(frames, client):
    socket = client(zmq.DEALER)
    socket.send_multipart(frames)
    assert "REQ" in unpack_reply(socket.recv_multipart()[-1]).sentence


def test_clients_that_vanish_or_flood_stop_nobody(server, client):
    for _ in range(20):
        socket = client(zmq.DEALER)
        for _ in range(30):
            socket.send_multipart([b"", MARK.pack()])
        socket.close()
    client(zmq.DEALER).send_multipart([b"", bytes(10 * MAX_FRAME_BYTES)])
    assert ask(server.address, MARK, PATIENCE_S).ok


def test_nobody_at_the_address_is_a_sentence(ipc_address):
    with pytest.raises(UserError, match="No daemon answered"):
        ask(ipc_address, MARK, patience_s=0.05)
    with pytest.raises(UserError, match="no ZeroMQ address"):
        ask("nonsense", MARK, patience_s=0.05)


def test_a_taken_or_remote_address_is_refused(server):
    with pytest.raises(UserError, match=r"in use.*control\.address"):
        ControlServer(server.address)
    with pytest.raises(UserError, match="this machine only"):
        ControlServer("tcp://0.0.0.0:5557")
