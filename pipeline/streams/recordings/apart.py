"""Readers in processes of their own: their libraries are not proof against files that are broken.

A child is a module that runs as ``python -m MODULE FILE OUT`` and writes the arrays it finds to OUT
as ``.npz``. Where it ends otherwise than well, or not at all, this process goes on.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import numpy as np

from pipeline.errors import UserError

PATIENCE_S = 120
"""How long a file may take to be read, s."""
Reads = Callable[[ModuleType, Path, Path], bool]
"""Runs a child on a file, and tells whether it ended well."""

logger = logging.getLogger(__name__)


def arrays_apart(
    child: ModuleType, file: Path, kind: str, reads: Reads | None = None
) -> dict[str, np.ndarray[Any, Any]]:
    """Return the arrays that a child finds in a file.

    Parameters
    ----------
    child
        The module.
    file
        The file.
    kind
        What it should be, for the sentence where it is none.
    reads
        Runs the child where its end harms nobody; without it a process is started.

    Raises
    ------
    UserError
        If the child does not end well, or takes longer than `PATIENCE_S`.
    """
    with TemporaryDirectory() as folder:
        out = Path(folder) / "arrays.npz"
        if not (reads or _in_a_process)(child, file, out) or not out.exists():
            raise UserError(
                f"'{file}' cannot be read as {kind}; it is broken or was not written whole. Export "
                "it anew."
            )
        with np.load(out, allow_pickle=False) as archive:
            return dict(archive)


def _in_a_process(child: ModuleType, file: Path, out: Path) -> bool:
    command = [sys.executable, "-m", child.__name__, str(file), str(out)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise UserError(f"'{file}' cannot be read within {PATIENCE_S} s; is it sound?") from error
    logger.debug("%s", done.stderr.decode(errors="replace"))
    return not done.returncode
