"""The server: bound to one address, in one process, until it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from daemon.web.dropping import DroppingSocket
from daemon.web.protocol import MOST_BYTES
from pipeline.errors import UserError

SEND_BUFFER_BYTES = 262_144
"""Kernel buffer per browser: a queue of old frames, which must not become long."""
GRACE_S = 2
STOP_LOOK_S = 0.1


@dataclass(frozen=True)
class Certificate:
    """Files of a certificate chain and its secret key, both PEM."""

    chain: Path
    key: Path


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens; raises UserError where the address cannot be had.

    Parameters
    ----------
    host, port
        Where; port 0 takes any that is free.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise UserError(_unbound(host, port, error)) from error
    return listener


def _unbound(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"The address {host}:{port}, where the page is shown, is in use; stop the program that "
            "has it (another hillstream?) or choose another --listen."
        )
    return f"--listen '{host}:{port}' cannot be bound: {error.strerror}; choose another."


def serve(
    app: ASGIApp,
    listener: socket.socket,
    stop: threading.Event,
    certificate: Certificate | None = None,
) -> None:
    """Serve until `stop` is set; browsers are told that the server goes.

    Parameters
    ----------
    app
        What to serve.
    listener
        Where; it is closed at the end.
    stop
        Ends the serving, within a second or two.
    certificate
        What to encrypt with, which `check_certificate` lets pass; None for plain HTTP.
    """
    config = uvicorn.Config(
        app,
        ws=DroppingSocket,
        ws_max_size=MOST_BYTES,
        ws_per_message_deflate=False,  # curves hardly get shorter by it
        http="h11",
        loop="asyncio",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        timeout_graceful_shutdown=GRACE_S,
        ssl_certfile=certificate.chain if certificate else None,
        ssl_keyfile=certificate.key if certificate else None,
    )
    with listener:
        asyncio.run(_served(_Server(config), listener, stop))


def check_certificate(certificate: Certificate | None) -> None:
    """Load the certificate, as `serve` will; raises UserError where that is not possible."""
    if certificate is None:
        return
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.chain, certificate.key)
    except (OSError, ssl.SSLError) as error:
        raise UserError(
            f"The certificate {certificate.chain} with the key {certificate.key} cannot be used: "
            f"{error}; give a PEM file of each that belong together."
        ) from error


async def _served(server: uvicorn.Server, listener: socket.socket, stop: threading.Event) -> None:
    async def end() -> None:
        while not stop.is_set():
            await asyncio.sleep(STOP_LOOK_S)
        server.should_exit = True

    ending = asyncio.create_task(end())
    try:
        await server.serve(sockets=[listener])
    finally:
        ending.cancel()


class _Server(uvicorn.Server):
    """Leaves signals to who starts it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing."""
        yield
