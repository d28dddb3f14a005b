"""Recordings in NumPy's ``.npz``; `arrays` says what its keys mean."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np

from pipeline.errors import UserError
from pipeline.files import MOST_UNPACKED_BYTES
from pipeline.streams.recordings.arrays import Arrays

_BROKEN = (
    ValueError,
    TypeError,
    AttributeError,
    OSError,
    EOFError,
    MemoryError,
    RuntimeError,  # an encrypted member, or a way of packing that is not known
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What damaged bytes make of NumPy and zipfile."""


def read_npz(file: Path) -> Arrays:
    """Return the arrays of an ``.npz`` file by key.

    Raises
    ------
    UserError
        If the file is broken or unpacks to very much.
    """
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as archive:
            size = sum(member.file_size for member in archive.zip.infolist())
            if size > MOST_UNPACKED_BYTES:
                raise UserError(
                    f"'{file}' unpacks to {size} bytes; {MOST_UNPACKED_BYTES} are read at most."
                )
            arrays = {name: archive[name] for name in archive.files}
        for name, array in arrays.items():
            if not isinstance(array, np.ndarray):  # NumPy gives the bytes of any other member
                raise ValueError(f"'{name}' is no array")
        return arrays
    except _BROKEN as error:
        if "allow_pickle" in str(error):  # NumPy's own advice would have the file run programs
            raise UserError(
                f"'{file}' holds Python objects or is no .npz at all; save arrays of numbers and "
                "of text with numpy.savez."
            ) from error
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(
            f"'{file}' cannot be read as .npz ({reason}); it is broken or was not written whole."
        ) from error
