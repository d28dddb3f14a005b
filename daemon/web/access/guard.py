"""The guard before every route: our name, our page, and not too fast."""

from __future__ import annotations

import math

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from daemon.web.access.door import Access
from daemon.web.access.gate import RefusalError, peer


class Guard:
    """ASGI middleware that refuses requests and WebSockets which are not for us, or too many.

    Parameters
    ----------
    app
        What it stands before.
    access
        The door.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a connection through, or refuse it."""
        served = scope["type"] in ("http", "websocket")
        refusal = self._refusal(HTTPConnection(scope)) if served else None
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": refusal.sentence})
        else:
            await refusal.response()(scope, receive, send)

    def _refusal(self, connection: HTTPConnection) -> RefusalError | None:
        address = peer(connection)
        if wait_s := self._access.requests_wait_s(address):
            return RefusalError(429, f"Too many requests; wait {math.ceil(wait_s)} s.", wait_s)
        if sentence := self._access.refusal(connection.headers):
            self._access.failed(address, sentence)
            return RefusalError(403, sentence)
        return None
