"""A route's gate: who is asking, or one sentence why the answer is no."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from functools import wraps

from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import JSONResponse, Response

from daemon.web.access.door import Access, bearer
from daemon.web.access.tokens import LOCAL

NO_STORE = {"Cache-Control": "no-store"}
"""Of every answer that holds data."""
Handler = Callable[[Request], Awaitable[Response]]


class RefusalError(Exception):
    """A request that is refused.

    Parameters
    ----------
    status
        Of HTTP.
    sentence
        Why, and what to do.
    retry_s
        How long to wait before the next try, s; 0 where that is no help.
    """

    def __init__(self, status: int, sentence: str, retry_s: float = 0.0) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.retry_s = status, sentence, retry_s

    def response(self) -> JSONResponse:
        """Return it as an answer."""
        headers = dict(NO_STORE)
        if self.retry_s:
            headers["Retry-After"] = str(math.ceil(self.retry_s))
        if self.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return JSONResponse({"sentence": self.sentence}, self.status, headers)


def refusing(handler: Handler) -> Handler:
    """Return a route's handler that answers with the refusal it raises."""

    @wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except RefusalError as refusal:
            return refusal.response()
        except ClientDisconnect:
            return RefusalError(400, "The connection ended before the request did.").response()

    return answer


def peer(connection: HTTPConnection) -> str:
    """Return the address of who is asking; empty where it is not known."""
    return connection.client.host if connection.client else ""


def reading(access: Access, request: HTTPConnection) -> str:
    """Return who is reading; raises RefusalError where that one may not."""
    name = access.reader(bearer(request.headers), peer(request))
    if name is None:
        raise _stranger(access, request, "read")
    return name


def known(access: Access, request: HTTPConnection) -> str:
    """Return who is reading; a token that is wrong is refused, on this machine too."""
    if "authorization" in request.headers and not access.knows(bearer(request.headers)):
        raise _counted(
            access,
            request,
            "the token is not known.",
            "The token is not known here; it is mistyped, or was taken away.",
        )
    return reading(access, request)


def commanding(access: Access, request: HTTPConnection) -> str:
    """Return who is commanding; raises RefusalError where that one may not, or is too fast."""
    token = bearer(request.headers)
    name, reader = access.operator(token), access.reader(token, peer(request))
    if name is None:
        if reader in (None, LOCAL):
            raise _stranger(access, request, "command")
        raise RefusalError(
            403,
            f"The token of '{reader}' may read, not command; make one that may with "
            "'hillstream keys web NAME --may command'.",
        )
    in_time(access.commands_wait_s(name), "commands")
    return name


def in_time(wait_s: float, what: str) -> None:
    """Refuse who has to wait; raises RefusalError."""
    if wait_s:
        raise RefusalError(429, f"Too many {what} at once; wait {math.ceil(wait_s)} s.", wait_s)


def _stranger(access: Access, request: HTTPConnection, right: str) -> RefusalError:
    given = "authorization" in request.headers
    what = "the token is not known" if given else "no token was given"
    return _counted(
        access,
        request,
        f"{what}, to {right}.",
        f"To {right} needs a token, and {what}; make one with 'hillstream keys web NAME --may "
        f"{right}' and open the address that it prints.",
    )


def _counted(access: Access, request: HTTPConnection, logged: str, sentence: str) -> RefusalError:
    """Return the refusal of an attempt without the right to it, which is counted."""
    wait_s = access.failed(peer(request), logged)
    if wait_s:
        return RefusalError(429, f"Too many wrong tokens; wait {math.ceil(wait_s)} s.", wait_s)
    return RefusalError(401, sentence)
