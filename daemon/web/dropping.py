"""The server's end of a WebSocket: one that takes nothing for a while is dropped."""

from __future__ import annotations

import logging

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

STUCK_AFTER_S = 10.0
LOOK_EVERY_S = 1.0

logger = logging.getLogger(__name__)


class DroppingSocket(WebSocketsSansIOProtocol):
    """Aborts the connection when its buffer has not drained by a byte for `STUCK_AFTER_S`.

    Uvicorn makes whoever sends wait while the buffer is full, which alone would be for ever.
    """

    _left = 0
    _since = 0.0

    def pause_writing(self) -> None:
        """Begin to look whether the buffer drains."""
        super().pause_writing()
        self._left, self._since = self.transport.get_write_buffer_size(), self.loop.time()
        self.loop.call_later(LOOK_EVERY_S, self._look)

    def _look(self) -> None:
        if self.writable.is_set():
            return
        left, now = self.transport.get_write_buffer_size(), self.loop.time()
        if left < self._left:
            self._left, self._since = left, now
        if now - self._since >= STUCK_AFTER_S:
            logger.warning("A browser that took nothing for %g s was dropped.", STUCK_AFTER_S)
            self.transport.abort()
            return
        self.loop.call_later(LOOK_EVERY_S, self._look)
