"""`hillstream web` beside a running daemon, as a user starts it, and what it takes."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

import psutil

from daemon.bench.latency.setup import free_port
from daemon.bench.running import END_WITHIN_S, READY_WITHIN_S, TURN_S, environment
from daemon.config import Config
from daemon.host.machine import memory_mb, process_s
from pipeline.errors import UserError
from pipeline.streams import clock


class ShownDaemon:
    """The cockpit of a daemon; ends with the block.

    Parameters
    ----------
    config
        The daemon's set-up.
    folder
        Where its files go.
    """

    def __init__(self, config: Config, folder: Path) -> None:
        self._port, self._log = free_port(), folder / "web.log"
        command = ["web", config.output.zmq or "", "--control", config.control.address]
        command += ["--listen", f"127.0.0.1:{self._port}", "--sessions", str(folder)]
        command += ["--tokens", str(folder / "web-tokens.toml")]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "daemon.cli", *command],
                stdout=log,
                stderr=log,
                cwd=folder,
                env=environment(),
            )
        self._first: tuple[float, float] | None = None
        self._last = (0.0, 0.0)
        self.memory_mb = 0.0
        """The most it had of proportional set size at a look."""

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self._port}/"

    @property
    def live(self) -> str:
        """Where its WebSocket is."""
        return f"ws://127.0.0.1:{self._port}/live"

    def look(self) -> None:
        """Look at what it has used so far."""
        with suppress(psutil.Error):  # its end is told by `percent`
            self._last = clock.now(), process_s(self._process.pid)
            self._first = self._first or self._last
            self.memory_mb = max(self.memory_mb, memory_mb(self._process.pid)[0][1])

    @property
    def percent(self) -> float:
        """Share of one processor between the first look and the last, in percent."""
        if self._first is None or self._last[0] <= self._first[0]:
            raise UserError(f"The bench saw too little of 'hillstream web' ({self._told()}).")
        return 100.0 * (self._last[1] - self._first[1]) / (self._last[0] - self._first[0])

    def _told(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1].rstrip(".") if lines else "it said nothing"

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", self._port), timeout=1.0).close()
                return
            time.sleep(TURN_S)
        raise UserError(f"'hillstream web' shows no page ({self._told()}).")

    def __enter__(self) -> Self:
        self._wait_until_it_answers()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
