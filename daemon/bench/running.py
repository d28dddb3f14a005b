"""The daemon as a user starts it: a process of its own, watched from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import tomlkit

import daemon
from daemon.config import Config
from daemon.processes.worker import Worker
from pipeline.errors import UserError
from pipeline.output.message import Message
from pipeline.output.subscriber import listen
from pipeline.streams import clock

END_WITHIN_S = 30.0
READY_WITHIN_S = 60.0
TURN_S = 0.02


def environment() -> dict[str, str]:
    """Return the environment in which ``python -m daemon.cli`` is the one that runs here."""
    root = Path(daemon.__file__).parents[1]
    return {**os.environ, "PYTHONPATH": str(root)}


def write_config(config: Config, file: Path) -> None:
    """Write a set-up to a file, as `load_config` reads it."""
    content = config.model_dump(
        mode="json", by_alias=True, exclude_none=True, exclude_defaults=True
    )
    file.write_text(tomlkit.dumps(content), encoding="utf-8")


class RunningDaemon:
    """``hillstream run`` on a set-up; ends with the block.

    Parameters
    ----------
    config
        The set-up, with ZeroMQ among its ways out.
    folder
        Where its files go.
    cores
        Processors it keeps to; empty for any.
    """

    def __init__(self, config: Config, folder: Path, cores: Collection[int] = ()) -> None:
        self._address = config.output.zmq or ""
        self._result, self._log = folder / "result.json", folder / "daemon.log"
        file = folder / "config.toml"
        write_config(config, file)
        command = ["run", str(file), "--headless", "--json", str(self._result)]
        self.started = clock.now()
        """When it was started, s on the LSL clock."""
        with self._log.open("wb") as log, _kept_to(cores):
            self._process = subprocess.Popen(
                [sys.executable, "-m", "daemon.cli", *command],
                stdout=log,
                stderr=log,
                cwd=folder,
                env=environment(),
            )
        self.pid = self._process.pid
        """The supervisor's."""

    def follow(
        self, hear: Callable[[Message], None], done: Callable[[], bool], patience_s: float
    ) -> None:
        """Give every message to `hear` until it is `done`.

        Raises
        ------
        UserError
            If the daemon ends meanwhile, or `patience_s` pass.
        """
        deadline = time.monotonic() + patience_s

        def over() -> bool:
            return done() or self._process.poll() is not None or time.monotonic() > deadline

        listen(self._address, hear, stop=over)
        if not done():
            raise UserError(
                f"The bench heard too little of the daemon ({self._last_words()}); 'hillstream "
                "doctor' says whether LSL and ZeroMQ work."
            )

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1].rstrip(".") if lines else "it said nothing"

    def end(self) -> dict[str, Any]:
        """End it in order and return what ``hillstream run --json`` has written."""
        self._stop()
        if not self._result.exists():
            raise UserError(f"The daemon left no result ({self._last_words()}).")
        result: dict[str, Any] = json.loads(self._result.read_text(encoding="utf-8"))
        return result

    def _stop(self) -> None:
        self._process.terminate()  # without effect on one that has ended
        try:
            self._process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()


@contextmanager
def _kept_to(cores: Collection[int]) -> Iterator[None]:
    """Keep what is started meanwhile to some processors, if any are named."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores or before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def beside(*helpers: Worker) -> Iterator[None]:
    """Wait until helpers that were started are at work; end them with the block.

    Raises
    ------
    UserError
        What one of them ended with, or that one does not begin.
    """
    try:
        deadline = time.monotonic() + READY_WITHIN_S
        while not all(helper.ready for helper in helpers):
            for helper in helpers:
                helper.check()
            if time.monotonic() > deadline:
                raise UserError("The bench's helpers do not begin; is the machine very busy?")
            time.sleep(TURN_S)
        yield
    finally:
        for helper in helpers:
            helper.ask_to_stop()
            helper.join()
    for helper in helpers:
        helper.check()
