"""A simulated lab with its daemon, the cockpit beside it, and what is published meanwhile."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import httpx
from places import CONFIGS

from daemon.bench.running import environment
from daemon.control.client import ask
from daemon.ipc.requests import Command, Reply, Request
from daemon.web.access.tokens import Right, add_token
from pipeline.output.message import Message, MomentMessage
from pipeline.output.subscriber import listen

PATIENCE_S = 120.0
KEPT = 60_000
"""Messages; some minutes of all topics."""
OPERATOR = "desk"

Kind = TypeVar("Kind", bound=Message)


class Ear:
    """A subscriber beside the page: every message, in the order of arrival."""

    def __init__(self, address: str) -> None:
        self._messages: deque[Message] = deque(maxlen=KEPT)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, args=(address,))
        self._thread.start()

    def _listen(self, address: str) -> None:
        listen(address, self._messages.append, stop=self._ended.is_set)

    def of(self, kind: type[Kind]) -> list[Kind]:
        """Return what was heard of a kind, the oldest first."""
        return [one for one in self._messages.copy() if isinstance(one, kind)]

    def newest(self, kind: type[Kind]) -> Kind:
        """Return the newest of a kind; raises IndexError before the first."""
        return self.of(kind)[-1]

    @property
    def is_whole(self) -> bool:
        """Whether no moment's number is missing.

        What is sent while this process stands still is lost to it; the page may show it.
        """
        told = [(one.session, one.seq) for one in self.of(MomentMessage)]
        return all(s != r or b == a + 1 for (s, a), (r, b) in pairwise(told))

    def close(self) -> None:
        """Stop listening."""
        self._ended.set()
        self._thread.join()


class LiveStand:
    """`hillstream demo` and `hillstream web`, with addresses and streams of their own.

    Parameters
    ----------
    folder
        Where all files go.
    own
        Begins the names of the streams, and is the address of the daemon's messages.
    """

    def __init__(self, folder: Path, own: str) -> None:
        self.folder, self.address, self.control = folder, own, f"{own}-control"
        self.sessions = folder / "sessions"
        self.sessions.mkdir()
        self._config = self._written()
        self._started = 0
        self._tokens = folder / "tokens.toml"
        self.token = add_token(self._tokens, OPERATOR, Right.COMMAND, date.today())
        self.ear = Ear(own)
        self._daemon = self._start_daemon()
        self._pages: list[subprocess.Popen[bytes]] = []
        self.url = self.show()

    def _written(self) -> Path:
        text = (CONFIGS / "arm.toml").read_text(encoding="utf-8")
        text = text.replace('"models/', f'"{CONFIGS}/models/')
        # A busy machine may stall the simulated lab; only what the page shows is judged here.
        text = text.replace("[streams.emg]", "[streams]\nstale_after_s = 2.0\n\n[streams.emg]")
        text += f'\n[output]\nzmq = "{self.address}"\nlsl = false\nmuscles_hz = 20\n'
        text += "\n[calibrator]\nsteps = 8\n"  # so that it answers soon
        text += f'\n[control]\naddress = "{self.control}"\n'
        file = self.folder / "arm.toml"
        file.write_text(text, encoding="utf-8")
        return file

    @property
    def session(self) -> Path:
        """The session that is being written."""
        return self.sessions / f"run-{self._started}.db"

    def _start_daemon(self) -> subprocess.Popen[bytes]:
        self._started += 1
        options = ["--headless", "--seconds", "3600", "--session", self.session]
        return self._start("demo", self._config, *options)

    def _start(self, command: str, *options: object) -> subprocess.Popen[bytes]:
        with self._log(command).open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "daemon.cli", command, *map(str, options)],
                cwd=self.folder,
                env=environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,  # a blow to its group spares the tests
            )

    def _log(self, command: str) -> Path:
        return self.folder / f"{command}.log"

    def show(self, *options: str, listen: str = "127.0.0.1:0") -> str:
        """Start `hillstream web` and wait until its page can be opened; return where."""
        where = ["--control", self.control, "--listen", listen]
        files = ["--sessions", self.sessions, "--tokens", self._tokens]
        process = self._start("web", self.address, *where, *files, *options)
        self._pages.append(process)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and process.poll() is None:
            told = re.findall(r"The page is on (\S+) ", self._log("web").read_text("utf-8"))
            if len(told) == len(self._pages) and self._answers(told[-1]):
                return str(told[-1])
            time.sleep(0.02)
        raise AssertionError(f"'hillstream web' shows no page: {self._log('web').read_text()}")

    @staticmethod
    def _answers(url: str) -> bool:
        try:
            return httpx.get(url, timeout=5.0).is_success
        except httpx.TransportError:
            return False

    def kill_daemon(self) -> None:
        """Kill the daemon with its lab and all its workers, without a word."""
        os.killpg(self._daemon.pid, signal.SIGKILL)
        self._daemon.wait()

    def restart_daemon(self) -> None:
        """Start it again, after it was killed."""
        self._daemon = self._start_daemon()

    def ask(self, command: Command, **more: object) -> Reply:
        """Ask the daemon itself, past the page."""
        return ask(self.control, Request(command=command, **more), PATIENCE_S)

    def close(self) -> None:
        """End all of it."""
        self.kill_daemon()
        for page in self._pages:
            page.send_signal(signal.SIGINT)
        try:
            for page in self._pages:
                assert page.wait(PATIENCE_S) == 0, self._log("web").read_text()
        finally:
            for page in self._pages:
                page.kill()
                page.wait()
            self.ear.close()


@contextmanager
def live_stand(folder: Path, own: str) -> Iterator[LiveStand]:
    """Yield daemon and cockpit at work."""
    stand = LiveStand(folder, own)
    try:
        yield stand
    finally:
        stand.close()
