"""A cockpit on a free port, somebody who publishes, and browsers."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.sync.client import ClientConnection, connect

from daemon.web.cockpit import Settings, run
from daemon.web.frames import decode
from pipeline.output.message import MetaMessage, MomentMessage, Status
from pipeline.output.publisher import Publisher
from pipeline.output.zmq import ZmqPublisher

PATIENCE_S = 15.0


class Sender:
    """Publishes two joints at 100 Hz from a thread, as a daemon does."""

    def __init__(self, address: str, session: str) -> None:
        self.meta = MetaMessage(
            session=session,
            dofs=("knee", "ankle"),
            rate_hz=100.0,
            title="A test",
            muscles=("soleus", "vastus"),
            channels=("SOL",),
            valid_for_s=0.1,
        )
        self.sent: list[MomentMessage] = []
        self._zmq = ZmqPublisher(address, self.meta)
        self._publisher = Publisher(self.meta, [self._zmq])
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self._thread.start()

    def _send(self) -> None:
        while not self._end.wait(0.01):
            t = time.monotonic()
            moment = 20.0 * np.sin(7.0 * t + np.array([0.0, 1.0]))
            told = self._publisher.publish_moment(
                moment, np.ones(2, bool), Status.NOMINAL, t, sd=np.array([1.0, 2.0])
            )
            self._publisher.tend()
            self.sent.append(told)

    def die(self) -> None:
        """Fall silent without a last word, as one that is killed."""
        self._end.set()
        self._thread.join()
        self._zmq.close()


@pytest.fixture
def send(ipc_address: str) -> Iterator[Callable[..., Sender]]:
    with ExitStack() as stack:

        def start(session: str = "first") -> Sender:
            sender = Sender(ipc_address, session)
            stack.callback(sender.die)
            return sender

        yield start


class Browser:
    """A WebSocket client that decodes."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.newest: dict[str, dict] = {}
        """The newest header of each kind."""

    def say(self, **request: Any) -> None:
        self.socket.send(json.dumps(request))

    def look(self, bucket_s: float = 0.02, seconds: float = 10.0, end: float | None = None) -> None:
        self.say(type="view", bucket_s=bucket_s, seconds=seconds, end=end)

    def next(self, kind: str, timeout_s: float = PATIENCE_S, **wanted: object) -> tuple[dict, dict]:
        """Return the next frame of a kind whose header has these values."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            frame = self.socket.recv(timeout=deadline - time.monotonic())
            assert isinstance(frame, bytes)
            header, arrays = decode(frame)
            self.newest[header["type"]] = header
            if header["type"] == kind and wanted.items() <= header.items():
                return header, arrays
        raise TimeoutError(f"no {kind} with {wanted} came within {timeout_s:g} s")


class Cockpit:
    """A cockpit in a thread of its own."""

    def __init__(self, settings: Settings, url: str, browsers: ExitStack) -> None:
        self.settings, self.url, self._browsers = settings, url, browsers
        self.port = int(url.rstrip("/").rpartition(":")[2])

    def open(self, **options: Any) -> Browser:
        """Open the live view without saying anything."""
        url = f"ws://127.0.0.1:{self.port}/live"
        connection = connect(url, max_size=None, compression=None, **options)
        return Browser(self._browsers.enter_context(connection))

    def browser(self) -> Browser:
        """Return a browser that has been let in."""
        browser = self.open()
        browser.say(type="hello", token=None)
        return browser


@pytest.fixture
def cockpit_on(tmp_path: Path) -> Iterator[Callable[..., Cockpit]]:
    """Start a cockpit that listens to an address, and commands another where one is given."""
    with ExitStack() as stack:

        def start(address: str, control: str | None = None) -> Cockpit:
            tokens = tmp_path / "tokens.toml"
            settings = Settings(address, control, "127.0.0.1:0", tmp_path, tokens)
            stop, urls, opened = threading.Event(), [], threading.Event()

            def show(url: str) -> None:
                urls.append(url)
                opened.set()

            thread = threading.Thread(target=run, args=(settings, stop, show))
            thread.start()
            stack.callback(thread.join)
            stack.callback(stop.set)
            assert opened.wait(PATIENCE_S)
            return Cockpit(settings, urls[0], stack)

        yield start


@pytest.fixture
def cockpit(cockpit_on: Callable[[str], Cockpit], ipc_address: str) -> Cockpit:
    return cockpit_on(ipc_address)
