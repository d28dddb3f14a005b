"""Files of any kind that is read, put together as the streams of one recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.errors import UserError
from pipeline.streams.recordings.arrays import streams_of_arrays
from pipeline.streams.recordings.given import (
    OPENSIM_SUFFIXES,
    SUFFIXES,
    Given,
    GivenFile,
    Parts,
    Source,
    checked_file,
    files_of,
)
from pipeline.streams.recordings.known import KnownStream
from pipeline.streams.recordings.mat import MAT, read_mat
from pipeline.streams.recordings.npz import read_npz
from pipeline.streams.recordings.opensim import read_opensim
from pipeline.streams.recordings.recording import LeftOut, RecordedStream
from pipeline.streams.roles import ROLES

Known = Mapping[str, KnownStream]
Streams = dict[str, RecordedStream]


def streams_of(
    path: Source, parts: Sequence[Given], known: Known, left_out: list[LeftOut]
) -> Streams:
    """Return the streams of the parts of one recording, by role.

    What was given by hand goes before what a file offers of itself.

    Parameters
    ----------
    path
        The recording, as it was given.
    parts
        Its parts; behind one ``.xdf`` a part may be the name of a stream.
    known
        What the set-up knows.
    left_out
        What is not taken is added here.

    Raises
    ------
    UserError
        If a file is missing, broken or of a kind that is not read, none has a role, or two have
        the same.
    """
    first, *others = parts
    by_hand = {part.role: part.text for part in others if part.role}
    typed = not isinstance(path, Parts) and first.role is None and len(by_hand) == len(others)
    if typed and _suffix(first.text) == ".xdf":
        from pipeline.streams.recordings.xdf import read_xdf

        return read_xdf(checked_file(first.text), known, by_hand, left_out)
    files = [file for part in parts for file in files_of(part)]
    if strange := [file for file in files if _suffix(file.path.name) not in SUFFIXES]:
        raise UserError(
            f"'{strange[0].path}' is not a recording; give files that end in "
            f"{', '.join(SUFFIXES)} (emg=FILE,angles=FILE says what they are, RUN.xdf,emg=NAME "
            "which stream is meant)."
        )
    tables = [file for file in files if _suffix(file.path.name) in OPENSIM_SUFFIXES]
    found: list[tuple[bool, Streams]] = []
    if tables:
        by_hand_of = {file.role for file in tables}
        streams = read_opensim(tables, known, left_out)
        found += [(key in by_hand_of, {key: stream}) for key, stream in streams.items()]
    for file in files:
        if file not in tables:
            found.append((file.role is not None, _of_whole(file, known, left_out)))
    return _merged(found, left_out)


def _suffix(name: str) -> str:
    return Path(name).suffix.lower()


def _of_whole(file: GivenFile, known: Known, left_out: list[LeftOut]) -> Streams:
    """Return the streams of a file that may hold several; only the one that is asked for."""
    suffix = _suffix(file.path.name)
    if suffix == ".xdf":
        from pipeline.streams.recordings.xdf import read_xdf

        streams = read_xdf(file.path, known, {}, left_out)
    else:
        arrays = read_mat(file.path) if suffix == MAT else read_npz(file.path)
        streams = streams_of_arrays(file.path, arrays, known, left_out, file.role)
    if file.role is None:
        return streams
    if file.role not in streams:
        raise UserError(f"'{file.path}' has no {file.role}; it has {', '.join(streams)}.")
    return {file.role: streams[file.role]}


def _merged(found: Sequence[tuple[bool, Streams]], left_out: list[LeftOut]) -> Streams:
    merged: Streams = {}
    by_hand: set[str] = set()
    for given, streams in sorted(found, key=lambda one: not one[0]):
        for key, stream in streams.items():
            if key not in merged:
                merged[key] = stream
                by_hand |= {key} if given else set()
            elif given or key not in by_hand:
                raise UserError(
                    f"'{merged[key].source}' and '{stream.source}' both hold {key}; name only one "
                    f"of them, as in '{key}=FILE'."
                )
            else:
                why = f"'{merged[key].source}' was given for it"
                left_out.append(LeftOut(stream.source, f"the {key}", why))
    return {key: merged[key] for key in ROLES if key in merged}
