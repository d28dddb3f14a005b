"""Where the supervisor's workers come from: the hold on the process that they are forked from."""

from __future__ import annotations

import json
import logging
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Self

from daemon.processes.life import Role

logger = logging.getLogger(__name__)


class Nursery:
    """Has workers born; a context manager.

    They are forked from a process that has imported their modules, and is itself started with the
    first request. When it dies, those born live on, and the next request starts another. It ends
    with this process, however that ends.
    """

    def __init__(self) -> None:
        self._cradle: subprocess.Popen[bytes] | None = None
        self._requests: socket.socket | None = None

    def foresee(self, target: str) -> None:
        """Have all imported that a worker with this target will need; does not wait for it."""
        self._request("", Role(target))

    def bear(self, name: str, role: Role, line: int, signs: int) -> None:
        """Have a worker born; does not wait for it.

        Parameters
        ----------
        name, role
            Of the worker.
        line, signs
            Open files: the worker's end of its line, and its signs.
        """
        self._request(name, role, line, signs)

    def _request(self, name: str, role: Role, *files: int) -> None:
        request = json.dumps([name, asdict(role)]).encode()
        if self._requests is not None:
            try:
                socket.send_fds(self._requests, [request], files)
            except ConnectionError:
                logger.warning("The process that workers are forked from ended; starting it again")
                self.close()
            else:
                return
        socket.send_fds(self._started(), [request], files)

    def _started(self) -> socket.socket:
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        code = (
            f"import sys; sys.path[:] = {sys.path!r}\n"
            f"from daemon.processes.cradle import serve; serve({theirs.fileno()})"
        )
        with theirs, _signals_held_back():
            self._cradle = subprocess.Popen(
                [sys.executable, "-c", code],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        return self._requests

    def close(self) -> None:
        """End the process; those born from it live on."""
        if self._requests is not None:
            self._requests.close()
            self._requests = None
        if self._cradle is not None:
            self._cradle.kill()
            self._cradle.wait()
            self._cradle = None

    def __enter__(self) -> Self:
        """Return the nursery."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self.close()


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """Let a process be born deaf to Ctrl-C and termination, which reach a whole terminal or group.

    Its own children inherit that. The supervisor tells the workers to end in its own order.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
