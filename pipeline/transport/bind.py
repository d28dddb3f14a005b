"""The binding of a ZeroMQ socket: this machine only, unless it is guarded or meant to be open."""

from __future__ import annotations

import errno
import re
import socket as sockets
from pathlib import Path

import zmq

from pipeline.errors import UserError

_ADDRESS = re.compile(r"tcp://(?P<host>[^:/\s]+):((?P<port>\d{1,9})|\*)|ipc://.+")
_LOCAL_HOSTS = ("127.0.0.1", "localhost")
_ANY_HOST = ("*", "0.0.0.0")


def is_address(address: str) -> bool:
    """Tell whether a socket can connect to this: a host with a port, or a path."""
    matched = _ADDRESS.fullmatch(address)
    return matched is not None and (
        matched["host"] is None or 0 < int(matched["port"] or 0) < 2**16
    )


def is_local(address: str) -> bool:
    """Tell whether only this machine reaches what is bound to a ZeroMQ address."""
    matched = _ADDRESS.fullmatch(address)
    return matched is not None and matched["host"] in (None, *_LOCAL_HOSTS)


def reached_from_here(address: str) -> str:
    """Return the address by which this machine itself reaches what is bound to `address`."""
    matched = _ADDRESS.fullmatch(address)
    if matched is None or matched["host"] not in _ANY_HOST:
        return address
    return f"tcp://127.0.0.1:{matched['port'] or '*'}"


def bind(
    socket: zmq.Socket[bytes], address: str, key: str, purpose: str, anywhere: bool = False
) -> None:
    """Bind `socket` to an address, by default to one that only this machine reaches.

    Parameters
    ----------
    socket
        To bind.
    address
        ``tcp://127.0.0.1:PORT``, with ``*`` for any free port, or ``ipc://PATH``.
    key
        Field of the configuration the address comes from.
    purpose
        What happens there: ``moments are published``.
    anywhere
        Whether other machines may reach it: the socket asks for keys, or its owner wants it open.

    Raises
    ------
    UserError
        If the address is not of this machine, not valid, or taken.
    """
    _check(address, key, purpose, anywhere)
    if address.startswith("ipc://") and _answers(address.removeprefix("ipc://")):
        raise _taken(address, key, purpose)  # libzmq would silently take the path over
    try:
        socket.bind(address)
    except zmq.ZMQError as error:
        if error.errno == errno.EADDRINUSE:
            raise _taken(address, key, purpose) from error
        raise UserError(
            f"{key} = '{address}', where {purpose}, cannot be bound: {error.strerror}; mend {key}."
        ) from error


def _check(address: str, key: str, purpose: str, anywhere: bool) -> None:
    matched = _ADDRESS.fullmatch(address)
    if matched is None or not (anywhere or is_local(address)):
        raise UserError(
            f"{key} = '{address}' is refused: {purpose} on this machine only, where no keys guard "
            "them; use tcp://127.0.0.1:PORT or ipc://PATH, or give keys (docs/security.md)."
        )
    if int(matched["port"] or 0) > 65535:  # libzmq would take it modulo 65536
        raise UserError(f"{key} = '{address}' is refused: ports end at 65535.")


def _answers(path: str) -> bool:
    """Tell whether a program listens on this Unix socket."""
    if not Path(path).is_socket():
        return False
    with sockets.socket(sockets.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0


def _taken(address: str, key: str, purpose: str) -> UserError:
    return UserError(
        f"The address {address}, where {purpose}, is in use; stop the program that has it "
        f"(another hillstream?) or choose another {key}."
    )
