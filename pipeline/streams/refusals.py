"""Messages of a stream that were dropped because they are not as documented."""

from __future__ import annotations

import logging

import numpy as np

from pipeline.streams.intake import TOLD_S

logger = logging.getLogger(__name__)


class Refusals:
    """Counts messages that are dropped, and tells of the last one.

    Parameters
    ----------
    called
        The stream's name in sentences.
    """

    def __init__(self, called: str) -> None:
        self.count = 0
        self._called = called
        self._at, self._reason = -np.inf, ""

    def add(self, reason: str, now: float) -> None:
        """Count a message that is dropped at `now`, s; a new reason is logged."""
        self.count += 1
        if reason != self._reason and now - self._at >= 1.0:  # a flood fills no log
            logger.warning("%s: a message was dropped: %s", self._called, reason)
        self._at, self._reason = now, reason

    def note(self, now: float) -> str:
        """Return the sentence for the user while the last one is not long ago; else nothing."""
        if now - self._at >= TOLD_S:
            return ""
        noun = "message was" if self.count == 1 else "messages were"
        return f"{self.count} {noun} dropped, the last one because: {self._reason}"
