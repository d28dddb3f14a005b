"""The variables of a ``.mat`` file as ``.npz``: run in a process of its own by `apart`."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.files import MOST_UNPACKED_BYTES

_MOST_DEEP = 8
"""Structures in structures that are looked into."""


def write_arrays(source: Path, out: Path) -> None:
    """Write numbers and texts by name; those of structures by both names, ``emg_fs``."""
    from scipy.io import loadmat, whosmat  # here alone: the parent imports this module for its name

    if 8 * sum(math.prod(shape) for _, shape, _ in whosmat(source)) > MOST_UNPACKED_BYTES:
        raise ValueError("it unpacks to too much")
    content = loadmat(source, simplify_cells=True, verify_compressed_data_integrity=True)
    own = {name: value for name, value in content.items() if not name.startswith("__")}
    while len(own) == 1 and isinstance(inside := next(iter(own.values())), Mapping):
        own = dict(inside)
    np.savez(out, allow_pickle=False, **dict(_flat(own)))


def _flat(content: Mapping[str, Any], before: str = "", deep: int = 0) -> Iterator[tuple[str, Any]]:
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
        return array if array.dtype.kind in "fiubcU" else None
    texts = array.ravel().tolist()
    return np.array(texts) if texts and all(isinstance(one, str) for one in texts) else None


if __name__ == "__main__":
    write_arrays(Path(sys.argv[1]), Path(sys.argv[2]))
