"""The application: the page, its files, its WebSocket, and the routes of the other parts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from daemon.web.access import Access
from daemon.web.access.guard import Guard
from daemon.web.access.rights import token_route
from daemon.web.commanding import DaemonControl, control_routes
from daemon.web.hub import Hub
from daemon.web.live import Live
from daemon.web.logbook import LogReader
from daemon.web.sessions import session_routes

PAGE = Path(__file__).parent / "static"
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""Of every response, unless its route says otherwise."""
AFTER_A_FAULT_S = 1.0

Work = Callable[[], Awaitable[None]]

logger = logging.getLogger(__name__)


class Headers:
    """ASGI middleware that gives every response the headers that keep a page safe.

    Parameters
    ----------
    app
        What it stands before.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the headers."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def build_app(hub: Hub, access: Access, daemon: DaemonControl | None, sessions: Path) -> Starlette:
    """Return the application; its lifespan hears the daemon.

    Parameters
    ----------
    hub
        What is heard of the daemon.
    access
        Who may read, and who may command.
    daemon
        Whom commands go to; None where there is no control port.
    sessions
        Folder of the recorded sessions.
    """
    live = Live(hub, access, control=daemon is not None)
    works: list[Work] = [live.run]
    routes: list[BaseRoute] = [
        Route("/", _page),
        Mount("/static", StaticFiles(directory=PAGE)),
        WebSocketRoute("/live", live.serve),
        token_route(access, control=daemon is not None),
        *session_routes(sessions, access),
    ]
    if daemon:
        works.append(LogReader(hub, live, daemon).run)
        routes += control_routes(daemon, access)
    return Starlette(
        routes=routes,
        middleware=[Middleware(Headers), Middleware(Guard, access=access)],
        lifespan=_lifespan(works),
    )


async def _page(request: Request) -> Response:
    return FileResponse(PAGE / "index.html")


def _lifespan(works: Sequence[Work]) -> Any:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(_kept_up(work)) for work in works]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    return lifespan


async def _kept_up(work: Work) -> None:
    """Do a work for ever; what goes wrong in it is logged, and it begins again."""
    while True:
        try:
            await work()
        except Exception:
            logger.exception("The page hit a fault of its own and goes on")
        await asyncio.sleep(AFTER_A_FAULT_S)
