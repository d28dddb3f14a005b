"""The cockpit as a whole: what it is started with, and its run from the first to the last."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from daemon.control.client import check_address
from daemon.web.access import Access
from daemon.web.access.listening import Listening
from daemon.web.access.token_file import TokenFile
from daemon.web.address import parse_listen
from daemon.web.app import build_app
from daemon.web.commanding import DaemonControl
from daemon.web.ear import Ear
from daemon.web.hub import Hub
from daemon.web.serve import Certificate, check_certificate, listening_socket, serve
from pipeline.transport.curve import ClientKeys


@dataclass(frozen=True)
class Settings:
    """What the cockpit is started with.

    Parameters
    ----------
    address
        The daemon's output.zmq.
    control
        The daemon's control.address; None where it takes no commands.
    listen
        ``HOST:PORT`` of the page; port 0 takes any that is free.
    sessions
        Folder of the recorded sessions.
    tokens
        File of who may read and who may command.
    certificate
        What to encrypt with; None for plain HTTP.
    behind_proxy
        Whether a proxy that encrypts stands before it.
    origins
        Where browsers open the page, beside its own address.
    keys
        What the daemon knows the cockpit by; None where it asks for no keys.
    """

    address: str
    control: str | None
    listen: str
    sessions: Path
    tokens: Path
    certificate: Certificate | None = None
    behind_proxy: bool = False
    origins: tuple[str, ...] = ()
    keys: ClientKeys | None = None


def run(settings: Settings, stop: threading.Event, opened: Callable[[str], None]) -> None:
    """Show the page until `stop` is set.

    Parameters
    ----------
    settings
        What to show, to whom, and where.
    stop
        Ends it.
    opened
        Called with the page's address once it can be opened.

    Raises
    ------
    UserError
        If an address, the certificate or the file of tokens cannot be used.
    """
    host, port = parse_listen(settings.listen)
    encrypted = settings.certificate is not None
    listening = Listening(host, encrypted, settings.behind_proxy, settings.origins)
    access = Access(listening, TokenFile(settings.tokens))
    keys = settings.keys
    if settings.control:
        check_address(settings.control)
    daemon = DaemonControl(settings.control, keys) if settings.control else None
    check_certificate(settings.certificate)
    listener = listening_socket(host, port)
    with listener, closing(Ear(settings.address, keys)) as ear:
        shown = f"[{host}]" if ":" in host else host
        opened(f"http{'s' * encrypted}://{shown}:{listener.getsockname()[1]}/")
        hub = Hub(settings.address, ear.frames)
        app = build_app(hub, access, daemon, settings.sessions)
        serve(app, listener, stop, settings.certificate)
