"""The reader of recordings: what a person did once, as streams that can be replayed.

Read are ``.npz`` (NumPy), ``.mat`` (MATLAB), ``.sto`` and ``.mot`` (OpenSim), ``.csv`` and
``.tsv``, ``.c3d`` (motion capture), and ``.xdf`` (LabRecorder).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.errors import UserError
from pipeline.streams.recordings.given import (
    Given,
    Parts,
    Source,
    parts_of,
    trials_in,
    trials_of,
)
from pipeline.streams.recordings.known import KnownStream
from pipeline.streams.recordings.read import streams_of
from pipeline.streams.recordings.recording import LeftOut, RecordedStream, Recording
from pipeline.streams.recordings.stamps import gaps
from pipeline.streams.recordings.trials import joined

__all__ = ["KnownStream", "RecordedStream", "Recording", "load_parts", "load_recording"]

logger = logging.getLogger(__name__)

Known = Mapping[str, KnownStream]


def load_parts(
    emg: Sequence[str | Path] = (),
    angles: Sequence[str | Path] = (),
    moments: Sequence[str | Path] = (),
    known: Known | None = None,
) -> Recording:
    """Read a recording from files whose role is given; each may be of any kind that is read.

    Several files of a role are trials: the n-th files of all roles belong together. They become
    one recording with gaps between them, in the order given.

    Parameters
    ----------
    emg, angles, moments
        The files of each role; of a file that holds more, only that role is taken.
    known
        What the set-up knows of the stream of each role, for what the recording does not say.

    Raises
    ------
    UserError
        If there is no file, one is missing or broken, or the trials do not fit together.
    """
    by_role = {"emg": emg, "angles": angles, "moments": moments}
    given = tuple(Given(key, str(file)) for key, files in by_role.items() for file in files)
    return load_recording(Parts(given), known)


def load_recording(path: Source, known: Known | None = None) -> Recording:
    """Read a recording.

    Parameters
    ----------
    path
        A file of any kind that is read, more of them separated by commas, or a folder of files of
        one role each, which may hold folders, and several trials (`trials_in`).
        ``emg=FILE,angles=FILE`` says the role of a file; a role that is given more than once makes
        trials, which become one recording with gaps between them. ``FILE.xdf,emg=STREAM`` says the
        role of a stream: by its name, source_id or stream id.
    known
        What the set-up knows of the stream of each role, for what the recording does not say.

    Raises
    ------
    UserError
        If the file is missing, broken, or holds nothing that can be replayed.
    """
    known = known or {}
    parts = parts_of(path)
    if not parts:
        raise UserError("No file of a recording was given; give one of EMG and one of angles.")
    each, alone = trials_in(parts[0]) if len(parts) == 1 else (trials_of(parts), [])
    whole = len(each) == 1
    trials = [_trial(path if whole else Parts(tuple(one)), one, known) for one in each]
    for trial in trials:
        for key, stream in trial.streams.items():
            _tell_gaps(trial, key, stream)
    recording = trials[0] if len(trials) == 1 else joined(trials, name=str(path))
    if len(trials) > 1:
        logger.info("'%s' is %d trials, one after the other with gaps.", path, len(trials))
    lonely = [LeftOut(str(file), "the whole", "it belongs to no trial") for file in alone]
    recording = replace(recording, left_out=(*recording.left_out, *lonely))
    for key, stream in recording.streams.items():
        logger.info(
            "%s: '%s', %d channels in %s at %.4g Hz.",
            key,
            stream.source,
            len(stream.channels),
            stream.unit,
            stream.rate_hz,
        )
    for left in recording.left_out:
        logger.info("%s", left)
    return recording


def _trial(path: Source, parts: list[Given], known: Known) -> Recording:
    left_out: list[LeftOut] = []
    streams = streams_of(path, parts, known, left_out)
    return Recording(str(path), streams, tuple(left_out))


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
