"""The page's WebSocket: each browser with its own view, none of them ever waited for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from daemon.web.access.gate import peer
from daemon.web.access.rights import rights_of
from daemon.web.frames import encode
from daemon.web.hub import Hub
from daemon.web.protocol import Hello, ProtocolError, View, parse_hello, parse_view
from daemon.web.views import Seen, Views

if TYPE_CHECKING:
    from daemon.web.access import Access

PUSHES_HZ = 12.0
HELLO_WITHIN_S = 5.0
RIGHT_EVERY_S = 5.0
"""How often it is looked up whether a browser may still read: tokens are revoked."""
MOST_BROWSERS = 32
MOST_REQUESTS_HZ = 200
"""Whoever asks for more is no page of ours."""
POLICY_VIOLATION, TRY_AGAIN_LATER = 1008, 1013
REPLACED = ("link", "status", "parameters", "latency", "log", "now")
"""Kinds of which only the newest is of interest, in the order in which they are sent."""


class Live:
    """Serves all browsers from one hub.

    Parameters
    ----------
    hub
        What is heard of the daemon.
    access
        Who may read, and who may command.
    control
        Whether the daemon can be commanded from here at all.
    """

    def __init__(self, hub: Hub, access: Access, *, control: bool) -> None:
        self._hub, self._access, self._control = hub, access, control
        self._views = Views(hub)
        self._pulse = asyncio.Event()
        self.browsers = 0
        """How many browsers are there."""

    async def run(self) -> None:
        """Hear the daemon, and let the browsers know, again and again."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            self._hub.turn()
            self._views.forget()
            pulse, self._pulse = self._pulse, asyncio.Event()
            pulse.set()
            due = max(due + 1.0 / PUSHES_HZ, loop.time())
            await asyncio.sleep(due - loop.time())

    async def serve(self, socket: WebSocket) -> None:
        """Speak with one browser until either has enough."""
        self.browsers += 1
        try:
            await socket.accept()
            await self._speak(socket)
        except ProtocolError as error:
            await _close(socket, POLICY_VIOLATION, str(error))
        except WebSocketDisconnect:
            return
        finally:  # whatever happens: its place is free again
            self.browsers -= 1

    async def _speak(self, socket: WebSocket) -> None:
        if self.browsers > MOST_BROWSERS:
            told = f"{MOST_BROWSERS} browsers are here already; close one of them."
            await _close(socket, TRY_AGAIN_LATER, told)
            return
        token = (await _first(socket)).token
        person = self._person(socket, token)
        browser = _Browser(socket, self._hub, self._views, person)
        await _first_to_end(
            browser.read(), browser.write(self._next_pulse), self._watch_right(socket, token)
        )

    def _person(self, socket: WebSocket, token: str | None) -> dict[str, Any]:
        """Return what a browser is told of its own rights; raises ProtocolError if it has none."""
        reader = self._access.reader(token, peer(socket))
        if reader is None:
            self._access.failed(peer(socket), "no token that may read, at /live.")
            raise ProtocolError(
                "To read needs a token: make one with 'hillstream keys web NAME --may read'."
            )
        rights = rights_of(self._access, reader, token, control=self._control)
        return {**rights, "control": self._control}

    async def _watch_right(self, socket: WebSocket, token: str | None) -> None:
        person, known = self._person(socket, token), self._access.knows(token)
        while self._access.knows(token) == known and self._person(socket, token) == person:
            await asyncio.sleep(RIGHT_EVERY_S)
        if known and not self._access.knows(token):
            raise ProtocolError(self._taken_away(socket))
        raise ProtocolError("Your token's right has changed; load the page again.")

    def _taken_away(self, socket: WebSocket) -> str:
        if self._access.reader(None, peer(socket)) is None:
            return "Your token was taken away; ask for a new one to read on."
        return "Your token was taken away; on this machine you may read on without one."

    async def _next_pulse(self) -> None:
        await self._pulse.wait()


class _Browser:
    """One browser: what it looks at, and what it has been sent."""

    def __init__(self, socket: WebSocket, hub: Hub, views: Views, person: dict[str, Any]) -> None:
        self._socket, self._hub, self._views, self._person = socket, hub, views, person
        self._view: View | None = None
        self._seen = Seen()
        self._sent: dict[str, int] = {}
        self._updates = 0
        self._whole = True

    async def read(self) -> None:
        """Take what it asks for, until it leaves; raises ProtocolError at nonsense."""
        loop = asyncio.get_running_loop()
        asked: deque[float] = deque(maxlen=MOST_REQUESTS_HZ)
        while True:
            self._view = parse_view(await _text(self._socket))
            self._seen = Seen()
            if len(asked) == MOST_REQUESTS_HZ and loop.time() - asked[0] < 1.0:
                raise ProtocolError(f"More than {MOST_REQUESTS_HZ} views a second are too many.")
            asked.append(loop.time())

    async def write(self, next_pulse: Callable[[], Awaitable[None]]) -> None:
        """Send what is new at every pulse that its socket is ready for."""
        while True:
            await self._send_what_is_new()
            await next_pulse()

    async def _send_what_is_new(self) -> None:
        board = self._hub.board
        if "meta" in board and self._is_new("meta"):
            await self._socket.send_bytes(encode({**board["meta"].header, **self._person}))
            self._seen, self._whole = Seen(), True
        for kind in REPLACED:
            if kind in board and self._is_new(kind):
                await self._socket.send_bytes(board[kind].frame)
        if "meta" in self._sent:
            await self._send_updates()
            await self._send_curves()

    def _is_new(self, kind: str) -> bool:
        number = self._hub.board[kind].number
        is_new = number > self._sent.get(kind, 0)
        self._sent[kind] = number
        return is_new

    async def _send_updates(self) -> None:
        seen, self._updates = self._updates, self._hub.updates_seen
        frame = self._views.updates(None if self._whole else seen)
        self._whole = False
        if frame:
            await self._socket.send_bytes(frame)

    async def _send_curves(self) -> None:
        if self._view is None:
            return
        frame, self._seen = self._views.curves(self._view, self._seen)
        if frame:
            await self._socket.send_bytes(frame)


async def _first(socket: WebSocket) -> Hello:
    try:
        async with asyncio.timeout(HELLO_WITHIN_S):
            return parse_hello(await _text(socket))
    except TimeoutError:
        raise ProtocolError(f"No hello came within {HELLO_WITHIN_S:g} s.") from None


async def _text(socket: WebSocket) -> str:
    """Return what the browser says next; raises WebSocketDisconnect when it has left."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    text = message.get("text")
    if not isinstance(text, str):
        raise ProtocolError("A request is text, not bytes.")
    return text


async def _first_to_end(*works: Coroutine[Any, Any, None]) -> None:
    """Do works side by side until the first ends, then end the others."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _close(socket: WebSocket, code: int, sentence: str) -> None:
    """Close with a sentence, of which a close frame takes 123 bytes."""
    with suppress(RuntimeError, WebSocketDisconnect):  # it is closed already
        await socket.close(code, sentence.encode()[:123].decode(errors="ignore"))
