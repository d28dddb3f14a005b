"""The reader of recordings: what a person did once, as streams that can be replayed.

Read are ``.npz`` (NumPy), ``.sto`` and ``.mot`` (OpenSim), and ``.xdf`` (LabRecorder).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import UserError
from pipeline.streams.recordings.npz import read_npz
from pipeline.streams.recordings.opensim import read_opensim
from pipeline.streams.recordings.recording import RecordedStream, Recording
from pipeline.streams.recordings.xdf import read_xdf

__all__ = ["RecordedStream", "Recording", "load_recording"]

OPENSIM_SUFFIXES = (".sto", ".mot")


def load_recording(
    path: str | Path,
    *,
    names: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
) -> Recording:
    """Read a recording.

    Parameters
    ----------
    path
        An ``.npz`` or ``.xdf`` file; one or more ``.sto`` or ``.mot`` files, separated by commas;
        or a folder of those.
    names
        For XDF files: the name of the stream that is meant by a key, where that is not plain.
    units
        For XDF files: unit of the stream of a key, where the file does not state it.

    Raises
    ------
    UserError
        If the file is missing, broken, or holds nothing that can be replayed.
    """
    files = _files(path)
    suffix = files[0].suffix.lower()
    if all(file.suffix.lower() in OPENSIM_SUFFIXES for file in files):
        return Recording(str(path), read_opensim(files))
    if len(files) == 1 and suffix == ".npz":
        return Recording(str(path), read_npz(files[0]))
    if len(files) == 1 and suffix == ".xdf":
        return Recording(str(path), read_xdf(files[0], names or {}, units or {}))
    raise UserError(
        f"'{path}' is not a recording; give one .npz or .xdf file, or .sto and .mot files."
    )


def _files(path: str | Path) -> list[Path]:
    """Return the files that are meant; all exist and none is empty."""
    whole = Path(path)
    if whole.is_dir():
        files = sorted(f for f in whole.iterdir() if f.suffix.lower() in OPENSIM_SUFFIXES)
        if not files:
            raise UserError(f"The folder '{path}' holds no .sto or .mot file.")
        return files
    files = [whole] if whole.exists() else [Path(part.strip()) for part in str(path).split(",")]
    for file in files:
        if not file.is_file():
            raise UserError(f"The recording '{file}' does not exist; check the path.")
        if not file.stat().st_size:
            raise UserError(f"The recording '{file}' is empty; it was probably not written whole.")
    return files
