"""The one clock domain of the program: this machine's LSL clock, in seconds."""

from __future__ import annotations

import time


def now() -> float:
    """Return the time in seconds on this machine's LSL clock.

    liblsl's ``local_clock`` reads the system's steady clock, which is what `time.monotonic`
    reads too; so no liblsl is needed to stamp a sample. A test holds the two together.
    """
    return time.monotonic()
