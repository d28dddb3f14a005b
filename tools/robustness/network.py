"""Another network on this machine, beyond a cable that can be pulled out (Linux, as root)."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress

import click

HERE, THERE = "10.77.0.1", "10.77.0.2"


class OtherNetwork:
    """A network namespace with one address, joined to this one by a virtual cable.

    Raises
    ------
    click.ClickException
        If the system refuses, with what it says.
    """

    def __init__(self) -> None:
        self._name = f"hillstream-{os.getpid()}"
        self._ends = f"hs{os.getpid()}a", f"hs{os.getpid()}b"
        try:
            self._build(*self._ends)
        except BaseException:
            self.close()
            raise

    def _build(self, here: str, there: str) -> None:
        _ip("netns", "add", self._name)
        _ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", self._name)
        _ip("address", "add", f"{HERE}/30", "dev", here)
        _ip("link", "set", here, "up")
        _ip("-n", self._name, "address", "add", f"{THERE}/30", "dev", there)
        for one in ("lo", there):
            _ip("-n", self._name, "link", "set", one, "up")

    @property
    def inside(self) -> list[str]:
        """What a command begins with to work there."""
        return ["ip", "netns", "exec", self._name]

    def cut(self) -> None:
        """Pull the cable out at its far end: nobody is told, nothing arrives."""
        _ip("-n", self._name, "link", "set", self._ends[1], "down")

    def mend(self) -> None:
        """Put it in again."""
        _ip("-n", self._name, "link", "set", self._ends[1], "up")

    def close(self) -> None:
        """Take all down."""
        for words in (("link", "del", self._ends[0]), ("netns", "del", self._name)):
            with suppress(click.ClickException):  # it was never there
                _ip(*words)


def _ip(*words: str) -> None:
    try:
        done = subprocess.run(["ip", *words], capture_output=True, text=True)
    except OSError as error:
        raise click.ClickException(f"ip: {error.strerror}.") from error
    if done.returncode:
        raise click.ClickException(f"ip {' '.join(words)}: {done.stderr.strip()}")
