"""What a source returns, kept."""

from __future__ import annotations

from typing import Self

import numpy as np

from pipeline.streams import clock
from pipeline.streams.base import Chunk, Source, StreamHealth

PASSING = ("is not on the network", "does not answer")
"""What is said of a stream before all of it is known."""


class Listener:
    """Keeps everything that a source returns."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.chunks: list[Chunk] = []

    @classmethod
    def opening(cls, source: Source) -> Self:
        source.open()
        return cls(source)

    def poll(self) -> StreamHealth:
        if (chunk := self.source.poll()) is not None:
            self.chunks.append(chunk)
        return self.source.health(clock.now())

    @property
    def count(self) -> int:
        return sum(len(chunk.t) for chunk in self.chunks)

    @property
    def t(self) -> np.ndarray:
        return np.concatenate([chunk.t for chunk in self.chunks])

    @property
    def x(self) -> np.ndarray:
        return np.concatenate([chunk.x for chunk in self.chunks])
