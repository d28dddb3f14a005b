"""The board: the newest of each kind of frame, encoded once for all browsers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from daemon.web.frames import encode


@dataclass
class Posted:
    """A header, its number, and its frame once somebody wants it."""

    number: int
    header: dict[str, Any]
    _frame: bytes | None = field(default=None, repr=False)

    @property
    def frame(self) -> bytes:
        """The frame; encoded when it is first asked for."""
        if self._frame is None:
            self._frame = encode(self.header)
        return self._frame


class Board(Mapping[str, Posted]):
    """The newest frame of each kind; one that replaces another has a larger number."""

    def __init__(self) -> None:
        self._posted: dict[str, Posted] = {}
        self._count = 0

    def post(self, kind: str, header: Mapping[str, Any]) -> None:
        """Put up a frame of a kind, in place of the one before."""
        self._count += 1
        self._posted[kind] = Posted(self._count, {"type": kind, **header})

    def take_down(self, *kinds: str) -> None:
        """Take frames of some kinds away."""
        for kind in kinds:
            self._posted.pop(kind, None)

    def __getitem__(self, kind: str) -> Posted:
        return self._posted[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self._posted)

    def __len__(self) -> int:
        return len(self._posted)
