"""Recordings in MATLAB's ``.mat``: variables, or the fields of structures, as named arrays.

A field ``fs`` of a structure ``emg`` counts as the array ``emg_fs``; `arrays` says what the names
mean. One structure that holds everything is looked into.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat, matlab, whosmat

from pipeline.errors import UserError
from pipeline.streams.recordings.arrays import Arrays
from pipeline.streams.recordings.npz import MOST_BYTES

MAT = ".mat"
_HDF5 = b"\x89HDF"
_MOST_DEEP = 8
"""Structures in structures that are looked into."""
_BROKEN = (
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    KeyError,
    OSError,
    EOFError,
    MemoryError,
    OverflowError,
    NotImplementedError,
    RecursionError,
    UnicodeError,
    struct.error,
    zlib.error,
    matlab.MatReadError,
)
"""What damaged bytes make of SciPy's reader."""


def read_mat(file: Path) -> Arrays:
    """Return the arrays of a ``.mat`` file by name, up to version 7; text as arrays of text.

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
    try:
        size = 8 * sum(math.prod(shape) for _, shape, _ in whosmat(file))
        if size > MOST_BYTES:
            raise UserError(f"'{file}' unpacks to {size} bytes; {MOST_BYTES} are read at most.")
        content = loadmat(file, simplify_cells=True, verify_compressed_data_integrity=True)
    except _BROKEN as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(
            f"'{file}' cannot be read as .mat ({reason}); it is broken or was not written whole."
        ) from error
    own = {name: value for name, value in content.items() if not name.startswith("__")}
    while len(own) == 1 and isinstance(inside := next(iter(own.values())), Mapping):
        own = dict(inside)
    return dict(_flat(own))


def _flat(content: Mapping[str, Any], before: str = "", deep: int = 0) -> Iterator[tuple[str, Any]]:
    """Give every array, number and text with its name, those of structures with both names."""
    for name, value in content.items():
        if isinstance(value, Mapping):
            if deep < _MOST_DEEP:
                yield from _flat(value, f"{before}{name}_", deep + 1)
            continue
        array = _array(value)
        if array is not None:
            yield before + name, array


def _array(value: Any) -> NDArray[Any] | None:
    """Return numbers or text; None for anything else, such as a cell array of numbers."""
    array = np.asarray(value) if not isinstance(value, list) else np.array(value, dtype=object)
    if array.dtype != object:
        return array
    texts = array.ravel().tolist()
    return np.array(texts) if texts and all(isinstance(one, str) for one in texts) else None
