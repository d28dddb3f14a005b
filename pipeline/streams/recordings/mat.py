"""Recordings in MATLAB's ``.mat``: variables, or the fields of structures, as named arrays.

A field ``fs`` of a structure ``emg`` counts as the array ``emg_fs``; `arrays` says what the names
mean. One structure that holds everything is looked into.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import UserError
from pipeline.streams.recordings import mat_child
from pipeline.streams.recordings.apart import Reads, arrays_apart
from pipeline.streams.recordings.arrays import Arrays

MAT = ".mat"
_HDF5 = b"\x89HDF"


def read_mat(file: Path, reads: Reads | None = None) -> Arrays:
    """Return the arrays of a ``.mat`` file by name, up to version 7; text as arrays of text.

    Parameters
    ----------
    file
        The file.
    reads
        As for `arrays_apart`.

    Raises
    ------
    UserError
        If the file is of version 7.3, which is another format, or broken.
    """
    with file.open("rb") as opened:
        head = opened.read(128)
    if head.startswith(_HDF5) or b"MATLAB 7.3" in head:
        raise UserError(
            f"'{file}' is a .mat file of version 7.3, which is not read; save it in MATLAB with "
            "save(..., '-v7')."
        )
    return arrays_apart(mat_child, file, "a .mat file", reads)
