"""The cockpit's commands over real HTTP, to a control port that takes them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import httpx
import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from web_server import served

from daemon.control.server import ControlServer
from daemon.ipc.requests import Reply, Request
from daemon.web.access import Access
from daemon.web.access.guard import Guard
from daemon.web.access.listening import Listening
from daemon.web.access.rights import token_route
from daemon.web.access.token_file import TokenFile
from daemon.web.access.tokens import Right, add_token
from daemon.web.commanding import DaemonControl, control_routes

SAMPLES = {"channel": "SOL", "rate_hz": 1000.0, "unit": "V"}


class Port:
    """A control port that keeps what it is asked and answers it; `data` is what it has to tell."""

    def __init__(self, address: str) -> None:
        self.taken: list[Request] = []
        x = np.random.default_rng(1).standard_normal(2000)
        self.reply = Reply(ok=True, sentence="Done.", data={**SAMPLES, "x": x.tolist()})
        self._server, self._end = ControlServer(address), threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._end.wait(0.002):
            for client, request in self._server.requests():
                self.taken.append(request)
                self._server.reply(client, self.reply)

    def close(self) -> None:
        self._end.set()
        self._thread.join()
        self._server.close()


class Cockpit:
    """A page's way to the daemon, and tokens; `now` is the time of tickets and limits, s."""

    def __init__(self, stack: ExitStack, control: str, folder: Path, listening: Listening) -> None:
        self.now = 0.0
        self.file = folder / "web-tokens.toml"
        self.tokens = {may: add_token(self.file, f"{may}er", may, date.today()) for may in Right}
        access = Access(listening, TokenFile(self.file), lambda: self.now)
        app = Starlette(
            routes=[
                token_route(access, control=True),
                *control_routes(DaemonControl(control), access),
            ],
            middleware=[Middleware(Guard, access=access)],
        )
        self.http = stack.enter_context(
            httpx.Client(base_url=stack.enter_context(served(app)), timeout=20.0)
        )

    def post(self, path: str, token: str | None = "", **more) -> httpx.Response:
        """Post as the operator, as who has `token`, or as nobody."""
        token = self.tokens[Right.COMMAND] if token == "" else token
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        return self.http.post(path, headers=headers | more.pop("headers", {}), **more)

    def ask(self, token: str | None) -> httpx.Response:
        """Ask what a token may."""
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        return self.http.get("/token", headers=headers)

    def ticket(self) -> str:
        return self.post("/ticket").json()["ticket"]

    def command(self, command: str, **more) -> httpx.Response:
        """Give a command as the page does."""
        return self.post("/command", json={"ticket": self.ticket(), "command": command, **more})


@pytest.fixture
def port(ipc_address) -> Iterator[Port]:
    port = Port(ipc_address)
    yield port
    port.close()


@pytest.fixture
def open_cockpit(tmp_path) -> Iterator[Callable[..., Cockpit]]:
    """Serve the commands of the daemon at a control address."""
    with ExitStack() as stack:

        def make(control: str, listening: Listening | None = None) -> Cockpit:
            return Cockpit(stack, control, tmp_path, listening or Listening("127.0.0.1"))

        yield make


@pytest.fixture
def cockpit(open_cockpit, port, ipc_address) -> Cockpit:
    return open_cockpit(ipc_address)
