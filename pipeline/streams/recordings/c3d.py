"""EMG out of C3D files, as motion capture writes it beside its markers."""

from __future__ import annotations

import logging
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from pipeline.anatomy.names import understood
from pipeline.errors import UserError
from pipeline.streams.recordings import c3d_child
from pipeline.streams.recordings.opensim_table import Table
from pipeline.streams.units import known_unit

logger = logging.getLogger(__name__)

C3D = ".c3d"
PATIENCE_S = 120
"""How long a file may take to be read, s."""
_BLOCK, _KEY = 512, 0x50
"""Length of a block of the format, and what its second byte always is."""
_INTEL = b"\x54"
"""The processor by whose order of bytes nearly all files are written."""
Reads = Callable[[Path, Path], bool]

_NO_EMG = re.compile(r"^[fmp][xyz]\d*$|force|moment|cop|sync|trig|foot ?switch|acc|gyr", re.I)
"""Labels of analog channels that are no EMG, whatever their unit."""


def read_c3d(file: Path, reads: Reads | None = None) -> Table:
    """Return the EMG of a C3D file; force plates and other analog channels are left out.

    EMG is what is labelled after a muscle, or ``EMG``; where nothing is, all that states a voltage
    and is not labelled as something else. Time counts from the trial's first frame.

    Parameters
    ----------
    file
        The file.
    reads
        Runs `c3d_child.write_analog` where its end harms nobody, and tells whether it went well;
        without it a process is started.

    Raises
    ------
    UserError
        If the file is none, is broken, has no EMG, or EMG in several units; or the package that
        reads it is missing.
    """
    _check(file)
    found = _analog(file, reads or _in_a_process)
    labels, units = found["labels"].tolist(), found["units"].tolist()
    chosen = [i for i, label in enumerate(labels) if _is_named_emg(label)] or [
        i
        for i, (label, unit) in enumerate(zip(labels, units, strict=True))
        if known_unit("emg", unit) not in (None, "1") and not _NO_EMG.search(label)
    ]
    if not chosen:
        raise UserError(
            f"'{file}' has no analog channel that is EMG ({', '.join(labels) or 'none at all'}); "
            "label the channels after their muscles or EMG."
        )
    others = [label for i, label in enumerate(labels) if i not in chosen]
    stated = {units[i].strip() for i in chosen}
    if len(stated) > 1:
        raise UserError(
            f"The EMG channels of '{file}' have the units {', '.join(map(repr, sorted(stated)))}; "
            "write them in one."
        )
    start_s = int(found["first_frame"]) / max(float(found["frame_rate_hz"]), 1.0)
    if start_s > 0:
        logger.warning(
            "'%s' is cut from a trial, %.3f s after its start; its times count from that start.",
            file,
            start_s,
        )
    x = found["x"][:, chosen]
    t = max(start_s, 0.0) + np.arange(len(x)) / float(found["rate_hz"])
    left_out = (f"the analog channels {', '.join(others)}",) if others else ()
    return Table("emg", None, tuple(labels[i] for i in chosen), t, x, stated.pop(), left_out)


def _is_named_emg(label: str) -> bool:
    return bool(understood(label).muscles) or "emg" in label.lower()


def _check(file: Path) -> None:
    """Refuse what cannot be a C3D file, before a library looks at it."""
    with file.open("rb") as opened:
        head = opened.read(_BLOCK)
        opened.seek((head[0] - 1) * _BLOCK + 3 if head and head[0] else 0)
        processor = opened.read(1)
    if len(head) < _BLOCK or head[1] != _KEY or not head[0]:
        raise UserError(f"'{file}' is not a C3D file; export it anew from the capture program.")
    if max(head[0] * _BLOCK, _size(head) if processor == _INTEL else 0) > file.stat().st_size:
        raise UserError(f"'{file}' is cut short; export it anew from the capture program.")


def _size(head: bytes) -> int:
    """Return how many bytes a file of an Intel processor has to have by its header."""
    points, analog, first, last = struct.unpack_from("<4H", head, 2)
    (scale,) = struct.unpack_from("<f", head, 12)
    (block,) = struct.unpack_from("<H", head, 16)
    if last in (0, 0xFFFF) or last < first:  # a long trial, whose length stands elsewhere
        return 0
    value = 4 if scale < 0 else 2
    size: int = max(block - 1, 0) * _BLOCK + (last - first + 1) * (4 * points + analog) * value
    return size


def _analog(file: Path, reads: Reads) -> dict[str, Any]:
    """Return what `c3d_child` finds, read in a process of its own."""
    if find_spec("ezc3d") is None:
        raise UserError(
            f"'{file}' needs the package ezc3d, which is not installed; "
            "pip install 'hillstream[c3d]'."
        )
    with TemporaryDirectory() as folder:
        out = Path(folder) / "analog.npz"
        if not reads(file, out) or not out.exists():
            raise UserError(f"'{file}' is broken as a C3D file; export it anew.")
        with np.load(out, allow_pickle=False) as archive:
            return dict(archive)


def _in_a_process(file: Path, out: Path) -> bool:
    child = [sys.executable, "-m", c3d_child.__name__, str(file), str(out)]
    try:
        done = subprocess.run(child, capture_output=True, timeout=PATIENCE_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise UserError(f"'{file}' cannot be read within {PATIENCE_S} s; is it sound?") from error
    logger.debug("%s", done.stderr.decode(errors="replace"))
    return not done.returncode
