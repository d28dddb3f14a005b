"""A client of the control port: one request to a running daemon, and its answer."""

from __future__ import annotations

import getpass

import zmq

from daemon.ipc.requests import (
    MAX_NAME,
    MAX_REPLY_BYTES,
    ControlError,
    Reply,
    Request,
    unpack_reply,
)
from pipeline.errors import UserError
from pipeline.transport.curve import ClientKeys, be_client


def ask(address: str, request: Request, patience_s: float, keys: ClientKeys | None = None) -> Reply:
    """Return the daemon's reply to a request.

    Parameters
    ----------
    address
        The daemon's control.address.
    request
        What to ask.
    patience_s
        How long to wait for the reply, s.
    keys
        What the daemon knows the client by; None where it asks for no keys.

    Raises
    ------
    UserError
        If the address is none, or nobody answers there in time, or not sensibly.
    """
    with zmq.Context() as context, context.socket(zmq.REQ) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.MAXMSGSIZE, MAX_REPLY_BYTES)
        be_client(socket, keys)
        _connect(socket, address)
        socket.send(request.pack())
        if not socket.poll(round(1000 * patience_s)):
            raise UserError(
                f"No daemon answered on {address} within {patience_s:g} s; is 'hillstream run' "
                "at work there, with [control] enabled, this address, and "
                f"{'this key among its control_clients' if keys else 'no keys'}?"
            )
        try:
            return unpack_reply(socket.recv())
        except ControlError as error:
            raise UserError(f"What answers on {address} is no hillstream: {error}") from error


def account() -> str | None:
    """Return the name of the account that runs this program, for the daemon's log."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # no such account, as in some containers
        return None
    return name.encode(errors="replace").decode()[:MAX_NAME] or None


def check_address(address: str) -> None:
    """Refuse what is no address of ZeroMQ's, before anything is asked; raises UserError."""
    with zmq.Context() as context, context.socket(zmq.REQ) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        _connect(socket, address)


def _connect(socket: zmq.Socket[bytes], address: str) -> None:
    try:
        socket.connect(address)
    except zmq.ZMQError as error:
        raise UserError(
            f"'{address}' is no ZeroMQ address ({error.strerror}); give the daemon's "
            "control.address, such as tcp://127.0.0.1:5557."
        ) from error


def refusal(reply: Reply) -> str:
    """Return the daemon's words, and where it asks for a confirmation how a terminal gives it."""
    if not reply.data.get("fallen"):
        return reply.sentence
    return (
        f"{reply.sentence} If that is meant, take it all the same with 'hillstream ctl mvc stop "
        "--yes'; if not, record it again."
    )
