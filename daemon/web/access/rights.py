"""What somebody may do on the page, as the live view and the route ``/token`` tell it."""

from __future__ import annotations

from typing import TypedDict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from daemon.web.access.door import Access, bearer
from daemon.web.access.gate import NO_STORE, known, refusing


class Rights(TypedDict):
    """What somebody may.

    Parameters
    ----------
    reader
        Who reads: a token's name, or ``local``.
    may_command
        Whether that one may command, and there is a daemon to command.
    """

    reader: str
    may_command: bool


def rights_of(access: Access, reader: str, token: str | None, *, control: bool) -> Rights:
    """Return what a reader may; `control` says whether the daemon can be commanded from here."""
    may_command = control and access.operator(token) is not None
    return {"reader": reader, "may_command": may_command}


def token_route(access: Access, *, control: bool) -> Route:
    """Return ``GET /token``: what the token of a request may, without doing anything with it."""

    async def token(request: Request) -> Response:
        reader = known(access, request)
        rights = rights_of(access, reader, bearer(request.headers), control=control)
        return JSONResponse(rights, headers=NO_STORE)

    return Route("/token", refusing(token), methods=["GET"])
