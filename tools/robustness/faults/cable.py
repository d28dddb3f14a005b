"""A network cable between two programs that can be long, cut, held still, and mended."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

Late = Callable[[], float]
"""How late the next piece comes out at the other end, s."""
_CHUNK = 65536
_TURN_S, _SHORT_TURN_S = 0.02, 0.002


class Cable:
    """TCP on its way to a port of this machine, in a thread.

    Parameters
    ----------
    target
        ``tcp://HOST:PORT``, where it leads.
    late
        How late a piece comes; those behind it come no earlier, as TCP has it.
    """

    def __init__(self, target: str, late: Late = lambda: 0.0) -> None:
        host, port = target.removeprefix("tcp://").rsplit(":", 1)
        self._target = host, int(port)
        self._door = socket.create_server(("127.0.0.1", 0))
        self._door.setblocking(False)
        self.address = f"tcp://127.0.0.1:{self._door.getsockname()[1]}"
        """Where to connect instead of `target`."""
        self._late = late
        self._ends: dict[socket.socket, socket.socket] = {}
        self._under_way: dict[socket.socket, deque[tuple[float, bytes]]] = {}
        """Pieces by the end at which they come out, each with when, s."""
        self._cut, self._held = threading.Event(), threading.Event()
        self._end = threading.Event()
        self.passed = 0
        """Bytes that went either way."""
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def cut(self) -> None:
        """Break all connections, and let none be made until `mend`."""
        self._cut.set()

    def hold(self) -> None:
        """Let nothing through until `mend`, without anybody being told."""
        self._held.set()

    def mend(self) -> None:
        """Let all through again."""
        self._cut.clear()
        self._held.clear()

    def close(self) -> None:
        """Break all connections, and release the port."""
        self._end.set()
        self._thread.join()

    def _work(self) -> None:
        with selectors.DefaultSelector() as selector, self._door:
            selector.register(self._door, selectors.EVENT_READ)
            while not self._end.is_set():
                if self._cut.is_set():
                    self._break(selector)
                if self._held.wait(_TURN_S if self._held.is_set() else 0.0):
                    continue
                waiting = any(self._under_way.values())
                for key, _ in selector.select(_SHORT_TURN_S if waiting else _TURN_S):
                    assert isinstance(key.fileobj, socket.socket)
                    self._serve(selector, key.fileobj)
                for end in list(self._under_way):
                    self._let_out(selector, end)
            self._break(selector)

    def _serve(self, selector: selectors.BaseSelector, ready: socket.socket) -> None:
        if ready is self._door:
            self._accept(selector)
        elif ready in self._ends:  # else its other end has gone in the same turn
            self._carry(selector, ready)

    def _accept(self, selector: selectors.BaseSelector) -> None:
        come, _ = self._door.accept()
        try:
            if self._cut.is_set():
                raise ConnectionRefusedError
            go = socket.create_connection(self._target, timeout=1.0)
        except OSError:
            come.close()
            return
        for one, other in ((come, go), (go, come)):
            one.settimeout(1.0)
            self._ends[one], self._under_way[one] = other, deque()
            selector.register(one, selectors.EVENT_READ)

    def _carry(self, selector: selectors.BaseSelector, ready: socket.socket) -> None:
        try:
            data = ready.recv(_CHUNK)
        except OSError:
            data = b""
        if not data:
            self._drop(selector, ready)
            return
        self.passed += len(data)
        before = self._under_way[self._ends[ready]]
        due = time.monotonic() + self._late()
        before.append((max(due, before[-1][0]) if before else due, data))

    def _let_out(self, selector: selectors.BaseSelector, end: socket.socket) -> None:
        """Let out what is due at an end."""
        pieces = self._under_way.get(end, deque())
        while pieces and pieces[0][0] <= time.monotonic():
            try:
                end.sendall(pieces.popleft()[1])
            except OSError:
                self._drop(selector, end)
                return

    def _drop(self, selector: selectors.BaseSelector, end: socket.socket) -> None:
        for one in (end, self._ends.pop(end)):
            self._ends.pop(one, None)
            self._under_way.pop(one, None)
            with suppress(KeyError):
                selector.unregister(one)
            one.close()

    def _break(self, selector: selectors.BaseSelector) -> None:
        for end in list(self._ends):
            if end in self._ends:
                self._drop(selector, end)
