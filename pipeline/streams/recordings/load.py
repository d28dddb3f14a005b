"""The reader of recordings: what a person did once, as streams that can be replayed.

Read are ``.npz`` (NumPy), ``.sto`` and ``.mot`` (OpenSim), and ``.xdf`` (LabRecorder).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pipeline.errors import UserError
from pipeline.streams.recordings.given import (
    OPENSIM_SUFFIXES,
    Given,
    checked_file,
    opensim_files,
    parts_of,
)
from pipeline.streams.recordings.known import KnownStream
from pipeline.streams.recordings.npz import read_npz
from pipeline.streams.recordings.opensim import read_opensim
from pipeline.streams.recordings.recording import RecordedStream, Recording
from pipeline.streams.recordings.stamps import gaps
from pipeline.streams.recordings.xdf import read_xdf

__all__ = ["KnownStream", "RecordedStream", "Recording", "load_recording"]

logger = logging.getLogger(__name__)


def load_recording(path: str | Path, known: Mapping[str, KnownStream] | None = None) -> Recording:
    """Read a recording.

    Parameters
    ----------
    path
        An ``.npz`` or ``.xdf`` file; one or more ``.sto`` or ``.mot`` files, separated by commas;
        or a folder of those, which may hold folders. ``emg=FILE,angles=FILE`` says the role of a
        file, ``FILE.xdf,emg=STREAM`` that of a stream: by its name, source_id or stream id.
    known
        What the set-up knows of the stream of each role, for what the recording does not say.

    Raises
    ------
    UserError
        If the file is missing, broken, or holds nothing that can be replayed.
    """
    known = known or {}
    parts = parts_of(path)
    recording = Recording(str(path), _read(path, parts, known))
    for key, stream in recording.streams.items():
        _tell_gaps(recording, key, stream)
    return recording


def _read(
    path: str | Path, parts: list[Given], known: Mapping[str, KnownStream]
) -> dict[str, RecordedStream]:
    first, *others = parts
    suffix = Path(first.text).suffix.lower()
    if suffix == ".xdf" and first.role is None and all(part.role for part in others):
        by_hand = {part.role: part.text for part in others if part.role}
        return read_xdf(checked_file(first.text), known, by_hand)
    if suffix == ".npz" and len(parts) == 1 and first.role is None:
        return read_npz(checked_file(first.text), known)
    files = [file for part in parts for file in opensim_files(part)]
    if all(file.path.suffix.lower() in OPENSIM_SUFFIXES for file in files):
        return read_opensim(files, known)
    raise UserError(
        f"'{path}' is not a recording; give one .npz or .xdf file (RUN.xdf,emg=NAME says which "
        "stream is meant), or .sto and .mot files (emg=FILE,angles=FILE says what they are)."
    )


def _tell_gaps(recording: Recording, key: str, stream: RecordedStream) -> None:
    """Tell the user where samples are missing."""
    rows = gaps(stream.t, stream.rate_hz)
    if not len(rows):
        return
    lengths = stream.t[rows] - stream.t[rows - 1]
    longest = int(np.argmax(lengths))
    number = "a gap" if len(rows) == 1 else f"{len(rows)} gaps, the longest"
    logger.warning(
        "The %s stream of '%s' has %s of %.3g s, at %.2f s from the recording's start.",
        key,
        recording.name,
        number,
        lengths[longest],
        stream.t[rows[longest] - 1] - recording.start,
    )
