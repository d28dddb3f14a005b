"""The cockpit's entrances: HTTP requests, from their bytes on, and what the page says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from datetime import date
from functools import cache
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote

import h11
from starlette.applications import Starlette
from starlette.middleware import Middleware

from daemon.ipc.requests import Reply, Request, unpack_request
from daemon.web.access import Access
from daemon.web.access.guard import Guard
from daemon.web.access.listening import Listening
from daemon.web.access.token_file import TokenFile
from daemon.web.access.tokens import Right, add_token
from daemon.web.commanding import DaemonControl, control_routes
from daemon.web.hub import Hub
from daemon.web.protocol import ProtocolError, parse_hello, parse_view
from daemon.web.views import Seen, Views
from pipeline.streams import clock
from tools.robustness.fuzz import examples, mutate

_PEER, _HOST = "10.0.0.9", "10.0.0.7:8900"
_OPERATOR = "desk"
_BETWEEN_S = 10.0
"""Requests come so slowly that no limit is reached."""
_LONGEST_ANSWER = 20_000
_LONGEST_FRAME = 4_000_000


class _Daemon(DaemonControl):
    """A daemon that holds what it is asked to be what the control port takes."""

    def __init__(self) -> None:
        super().__init__("ipc://nobody")

    async def ask(self, request: Request, patience_s: float | None = None) -> Reply:
        assert unpack_request(request.pack()) == request
        assert request.by == _OPERATOR
        data = {"channel": "SOL", "rate_hz": 1000.0, "unit": "V", "x": [0.0, 1e-4] * 500}
        return Reply(ok=True, sentence="Done.", data=data)


class WebRequests:
    """The cockpit's routes for commands; in its input TOKEN and TICKET stand for good ones."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="hillstream-fuzz-web-")
        file = Path(self._folder.name) / "web-tokens.toml"
        self._token = add_token(file, _OPERATOR, Right.COMMAND, date(2026, 3, 12))
        self._times, self._now = count(0.0, _BETWEEN_S), 0.0
        listening = Listening("0.0.0.0", encrypted=True)
        self._access = Access(listening, TokenFile(file), lambda: self._now)
        self._app = Starlette(
            routes=control_routes(_Daemon(), self._access),
            middleware=[Middleware(Guard, access=self._access)],
        )

    def __call__(self, data: bytes) -> bool:
        """Send a request; returns whether it was carried out."""
        self._now = next(self._times)
        ticket = self._access.tickets.issue(_OPERATOR)
        data = data.replace(b"TOKEN", self._token.encode()).replace(b"TICKET", ticket.encode())
        parsed = _parsed(data)
        if parsed is None:
            return False
        status, body = asyncio.run(self._answer(*parsed))
        assert self._token.encode() not in body
        assert status < 500
        assert len(body) < _LONGEST_ANSWER
        if status >= 400 and body.startswith(b"{"):
            assert json.loads(body)["sentence"].endswith(".")
        return status == 200

    async def _answer(self, request: h11.Request, body: bytes, whole: bool) -> tuple[int, bytes]:
        coming = [{"type": "http.request", "body": body, "more_body": not whole}]
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return coming.pop() if coming else {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        await self._app(_scope(request), receive, send)
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


class PageTexts:
    """What a page says over its WebSocket, to the curves that it is shown for it."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="hillstream-fuzz-web-")
        hub = Hub(f"ipc://{self._folder.name}/nobody")
        for frame in 2 * examples.published():  # moments count once the names are known
            hub.hear(frame)
        hub.settle(clock.now())
        assert hub.session is not None
        self._views = Views(hub)

    def __call__(self, data: bytes) -> bool:
        """Say something; returns whether it was a request."""
        try:
            text = data.decode()
        except UnicodeDecodeError:  # which the server's WebSocket refuses
            return False
        return _is_hello(text) or self._is_shown(text)

    def _is_shown(self, text: str) -> bool:
        try:
            view = parse_view(text)
        except ProtocolError:
            return False
        frame, seen = self._views.curves(view, Seen())
        assert frame is not None
        assert len(frame) < _LONGEST_FRAME
        self._views.curves(view, seen)
        self._views.forget()
        return True


def _is_hello(text: str) -> bool:
    try:
        parse_hello(text)
    except ProtocolError:
        return False
    return True


@cache
def texts() -> list[bytes]:
    """Return what a page says."""
    view = {"type": "view", "bucket_s": 0.04, "seconds": 30, "end": None}
    return [
        _json({"type": "hello", "token": None}),
        _json({"type": "hello", "token": "x" * 43}),
        _json(view),
        _json(view | {"bucket_s": 0.02, "end": 12.5}),
    ]


def spoilt_page_text(random: Random, data: bytes) -> bytes:
    """Spoil a value of what a page says, or its words."""
    if random.random() < 0.3:
        return mutate.spoilt_text(random, data.decode()).encode()
    return _spoilt_json(random, data)


def _parsed(data: bytes) -> tuple[h11.Request, bytes, bool] | None:
    """Return a request, its body, and whether that has come whole; None where HTTP refuses it."""
    connection, body = h11.Connection(h11.SERVER), b""
    try:
        connection.receive_data(data)
        request = connection.next_event()
        while isinstance(event := connection.next_event(), h11.Data):
            body += event.data
    except h11.RemoteProtocolError:
        return None
    if not isinstance(request, h11.Request):
        return None
    return request, body, isinstance(event, h11.EndOfMessage)


def _scope(request: h11.Request) -> MutableMapping[str, Any]:
    """Return what a server tells its application of a request."""
    raw_path, _, query = request.target.partition(b"?")
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "https",
        "method": request.method.decode(), "path": unquote(raw_path.decode()),
        "raw_path": raw_path, "query_string": query, "root_path": "",
        "headers": list(request.headers), "client": (_PEER, 50_000), "server": ("0.0.0.0", 8900),
    }  # fmt: skip


@cache
def requests() -> list[bytes]:
    """Return requests that are carried out."""
    commands: list[dict[str, Any]] = [
        {"command": "mark", "text": "here"},
        {"command": "rollback", "version": 12},
        {"command": "mvc start", "channels": ["SOL", "TA"]},
        {"command": "mvc stop", "confirmed": True, "text": None},
    ]
    return [
        _request("POST /ticket", b""),
        _request("GET /spectrum/SOL%20left", b""),
        *(_request("POST /command", _json({"ticket": "TICKET", **one})) for one in commands),
    ]


def _json(content: Any) -> bytes:
    return json.dumps(content).encode()


def _request(what: str, body: bytes) -> bytes:
    head = f"{what} HTTP/1.1\r\nHost: {_HOST}\r\nOrigin: https://{_HOST}\r\n"
    head += "Authorization: Bearer TOKEN\r\nContent-Type: application/json\r\n"
    return _with_body(head.encode(), body)


def _with_body(head: bytes, body: bytes) -> bytes:
    """Return a request whose length is right; TICKET has the length of what takes its place."""
    length = len(body.replace(b"TICKET", b"x" * 22))
    return head + b"Content-Length: %d\r\n\r\n" % length + body


def spoilt_request(random: Random, data: bytes) -> bytes:
    """Spoil the body, which stays JSON of the length that is told, or the head."""
    head, _, body = data.partition(b"\r\n\r\n")
    head = head.rpartition(b"Content-Length")[0]
    if body and random.random() < 0.6:
        return _with_body(head, _spoilt_json(random, body))
    return _with_body(mutate.spoilt_text(random, head.decode()).encode(), body)


def _spoilt_json(random: Random, body: bytes) -> bytes:
    try:
        return _json(mutate.spoilt_tree(random, json.loads(body)))
    except RecursionError:  # deeper than the writer goes
        return b"[" * 3000
