"""Which outlet a stream was taken from, in a file: who opens the stream next need not settle it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NamedTuple


class Known(NamedTuple):
    """An outlet that was found to be the one that is meant, and its sender's clock."""

    uid: str
    """Of this outlet alone; a restarted sender has another."""
    offset_s: float
    """Correction from the sender's clock to this machine's, s."""
    uncertainty_s: float


class Memory:
    """A file with the outlet that is connected, or was when a process ended.

    Parameters
    ----------
    file
        Lives no longer than a daemon, so that the clocks are still the same; None for no memory.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file

    def recall(self) -> Known | None:
        """Return what is known; None where nothing is."""
        if self._file is None:
            return None
        try:
            return Known(*json.loads(self._file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    def keep(self, known: Known) -> None:
        """Remember an outlet instead of what was known before."""
        if self._file is None:
            return
        new = self._file.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(known), encoding="utf-8")
        new.replace(self._file)  # who reads it meanwhile finds the old or the new

    def forget(self) -> None:
        """Remember nothing."""
        if self._file is not None:
            self._file.unlink(missing_ok=True)
