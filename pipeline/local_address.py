"""Binding a ZeroMQ socket to an address of this machine, with words for whatever prevents it."""

from __future__ import annotations

import errno
import re
import socket as sockets
from pathlib import Path

import zmq

from pipeline.errors import UserError

_LOCAL = re.compile(r"tcp://(127\.0\.0\.1|localhost):((?P<port>\d{1,9})|\*)|ipc://.+")


def bind(socket: zmq.Socket[bytes], address: str, key: str, purpose: str) -> None:
    """Bind `socket` to an address that only this machine reaches.

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

    Raises
    ------
    UserError
        If the address is not of this machine, not valid, or taken.
    """
    _check_local(address, key, purpose)
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


def _check_local(address: str, key: str, purpose: str) -> None:
    matched = _LOCAL.fullmatch(address)
    if matched is None:
        raise UserError(
            f"{key} = '{address}' is refused: {purpose} on this machine only, as nothing is "
            "encrypted yet; use tcp://127.0.0.1:PORT or ipc://PATH."
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
