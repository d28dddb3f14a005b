"""What hillstream itself sends over LSL, so that nobody takes it for a lab's stream."""

from __future__ import annotations

import socket

_SOURCE = "hillstream/"
PREDICTED_MOMENTS = "predicted-moments"
"""End of the name of the outlet of predicted moments."""


def own_source_id(name: str) -> str:
    """Return the LSL source_id of the daemon's own outlet of this name."""
    return f"{_SOURCE}{socket.gethostname()}/{name}"


def is_own(name: str, source_id: str) -> bool:
    """Return whether a stream comes from a daemon: its moments must never be a reference."""
    return source_id.startswith(_SOURCE) or name.endswith(f"-{PREDICTED_MOMENTS}")
