"""The operator's desk on the page: tickets, commands, and a look at one channel's EMG."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

import anyio
from pydantic import ValidationError
from pydantic_core import to_json
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from daemon.control.client import ask
from daemon.ipc.requests import MAX_REQUEST_BYTES, Reply, Request
from daemon.web.access import Access
from daemon.web.access.bodies import json_object
from daemon.web.access.gate import NO_STORE, RefusalError, commanding, in_time, reading, refusing
from daemon.web.access.shown import shown
from daemon.web.access.tickets import LIFE_S
from daemon.web.spectrum import channel_spectrum
from pipeline.errors import UserError
from pipeline.transport.curve import ClientKeys

PATIENCE_S = 5.0
"""How long the daemon may take; it says itself when a process of its own does not answer."""
AT_ONCE = 4
"""Requests to the daemon that are under way; more wait for these."""

logger = logging.getLogger(__name__)


class DaemonControl:
    """The control port of the daemon.

    Parameters
    ----------
    address
        The daemon's control.address.
    keys
        What the daemon knows the cockpit by; None where it asks for no keys.
    """

    def __init__(self, address: str, keys: ClientKeys | None = None) -> None:
        self._address, self._keys = address, keys
        self._limiter: anyio.CapacityLimiter | None = None

    async def ask(self, request: Request, patience_s: float | None = None) -> Reply:
        """Return the daemon's reply; asked in a thread, so that nothing else waits for it.

        Parameters
        ----------
        request
            What is asked.
        patience_s
            How long it may take, s; None for `PATIENCE_S`. The end of the cockpit waits for it too.

        Raises
        ------
        UserError
            If nobody answers in time, or not sensibly.
        """
        if self._limiter is None:  # which belongs to the loop that is running
            self._limiter = anyio.CapacityLimiter(AT_ONCE)
        most_s = PATIENCE_S if patience_s is None else patience_s
        asked = partial(ask, self._address, request, most_s, self._keys)
        return await anyio.to_thread.run_sync(asked, limiter=self._limiter)


def control_routes(daemon: DaemonControl, access: Access) -> list[BaseRoute]:
    """Return the routes ``/ticket``, ``/command`` and ``/spectrum/{channel}``."""
    desk = _Desk(daemon, access)
    return [
        Route("/ticket", refusing(desk.ticket), methods=["POST"]),
        Route("/command", refusing(desk.command), methods=["POST"]),
        Route("/spectrum/{channel:path}", refusing(desk.spectrum), methods=["GET"]),
    ]


class _Desk:
    """Takes what operators ask for to the daemon."""

    def __init__(self, daemon: DaemonControl, access: Access) -> None:
        self._daemon, self._access = daemon, access

    async def ticket(self, request: HttpRequest) -> Response:
        """Hand out a ticket for one command."""
        name = commanding(self._access, request)
        ticket = self._access.tickets.issue(name)
        return JSONResponse({"ticket": ticket, "seconds": LIFE_S}, headers=NO_STORE)

    async def command(self, request: HttpRequest) -> Response:
        """Carry a command to the daemon, and its answer back."""
        name = commanding(self._access, request)
        content = await json_object(request, MAX_REQUEST_BYTES)
        ticket = content.pop("ticket", None)
        asked = _command(content, name)
        if not isinstance(ticket, str) or not self._access.tickets.spend(ticket, name):
            raise RefusalError(
                409,
                f"The ticket is used, older than {LIFE_S:g} s, or none of yours, so nothing was "
                "done; give the command again.",
            )
        reply = await self._ask(asked)
        logger.info("'%s' by %s: %s", asked.command, name, "done" if reply.ok else "refused")
        told = {"ok": reply.ok, "sentence": reply.sentence, "data": reply.data}
        return _json(told)

    async def spectrum(self, request: HttpRequest) -> Response:
        """Show where in frequency the power of a channel is."""
        name = reading(self._access, request)
        in_time(self._access.spectra_wait_s(name), "spectra")
        channel = request.path_params["channel"]
        reply = await self._ask(_command({"command": "samples", "channels": [channel]}, name))
        if not reply.ok:
            raise RefusalError(409, reply.sentence)
        try:
            return _json(await anyio.to_thread.run_sync(channel_spectrum, reply.data))
        except UserError as error:
            raise RefusalError(409, str(error)) from error

    async def _ask(self, request: Request) -> Reply:
        try:
            return await self._daemon.ask(request)
        except UserError as error:
            raise RefusalError(503, str(error)) from error


def _command(content: dict[str, Any], name: str) -> Request:
    """Return the request of somebody; whom it is by is not for the page to say."""
    if "by" in content or "v" in content:
        raise RefusalError(400, "The command is not valid: 'by' and 'v' are not taken from a page.")
    given = {key: value for key, value in content.items() if value is not None}
    try:
        request = Request.model_validate({**given, "by": name})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(shown(str(part)) for part in first["loc"]) or "as a whole"
        told = first["msg"].removeprefix("Value error, ")
        raise RefusalError(400, f"The command is not valid, {place}: {told}.") from None
    if len(request.pack()) > MAX_REQUEST_BYTES:
        raise RefusalError(400, f"The command has more than the {MAX_REQUEST_BYTES} bytes allowed.")
    return request


def _json(content: dict[str, Any]) -> Response:
    """Return JSON in which numbers that are not finite are null."""
    packed = to_json(content, inf_nan_mode="null")
    return Response(packed, media_type="application/json", headers=NO_STORE)
