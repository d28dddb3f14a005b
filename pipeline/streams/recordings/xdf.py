"""Recordings in XDF, as LabRecorder writes them."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import numpy as np
import pyxdf

from pipeline.errors import UserError
from pipeline.streams.own import is_own
from pipeline.streams.recordings.known import UNKNOWN, KnownStream, channel_names
from pipeline.streams.recordings.recording import LeftOut, RecordedStream, checked_stream
from pipeline.streams.recordings.xdf_choice import chosen_streams
from pipeline.streams.recordings.xdf_stream import XdfStream
from pipeline.streams.units import known_unit

# Said of every file without clock offsets, and of no use to anybody who reads one.
logging.getLogger("pyxdf.pyxdf").addFilter(lambda said: "clock-segments differ" not in said.msg)
_ODD_COUNT = re.compile(rb"<sample_count>(?!\s*\d+\s*<)([^<]{0,100})</sample_count>")
"""A footer's count that pyxdf breaks at, such as 25.0. Nothing needs it: it gets another name, of
the same length."""


def read_xdf(
    file: Path,
    known: Mapping[str, KnownStream],
    by_hand: Mapping[str, str],
    left_out: list[LeftOut],
) -> dict[str, RecordedStream]:
    """Return the streams of an XDF file; the others are `left_out`.

    The stream of a role is the one given by hand, else the one of the set-up, else the only one
    whose name ends with the role (``hillstream-emg``), else the only one of its type (``EMG``,
    ``JointAngle``, ``JointMoment``, ``ExternalTorque``, ``JointAcceleration``), else the only one
    whose type or name has its words. Streams without samples and those that hillstream has sent
    itself are left out. Clocks are aligned as pyxdf does it, jitter is taken out by `evened`.

    Raises
    ------
    UserError
        If the file is broken, no stream fits, several do, or a unit is missing.
    """
    offered = _load(file)
    chosen = chosen_streams(file, offered, known, by_hand)
    if not chosen:
        listed = ", ".join(str(stream) for stream in offered) or "none"
        raise UserError(
            f"'{file}' has no stream of EMG, joint angles or joint moments; it has {listed}. Name "
            f"one by its number, as in '{file.name},emg=1'."
        )
    used = {(stream.name, stream.source_id) for stream in chosen.values()}
    left_out += [
        LeftOut(str(file), f"stream {stream}", _why_not(stream))
        for stream in offered
        if (stream.name, stream.source_id) not in used or not len(stream.t)
    ]
    return {
        key: _recorded(file, key, stream, known.get(key, UNKNOWN)) for key, stream in chosen.items()
    }


def _why_not(stream: XdfStream) -> str:
    if not len(stream.t):
        return "it has no samples"
    if is_own(stream.name, stream.source_id):
        return "hillstream has sent it itself"
    return "it has no role that is free"


def _load(file: Path) -> list[XdfStream]:
    try:
        content = _ODD_COUNT.sub(rb"<stated_count>\1</stated_count>", file.read_bytes())
        # Its way of taking jitter out smears a drop-out over all that is recorded.
        streams, _ = pyxdf.load_xdf(BytesIO(content), dejitter_timestamps=False)
        return [XdfStream.of(stream) for stream in streams]
    except Exception as error:  # pyxdf raises whatever its parsing meets, also bare Exception
        raise UserError(
            f"'{file}' cannot be read as XDF ({str(error) or type(error).__name__}); it is broken "
            "or was not written whole."
        ) from error


def _recorded(file: Path, key: str, stream: XdfStream, known: KnownStream) -> RecordedStream:
    if stream.x.dtype.kind not in "fiu":
        raise UserError(f"Stream '{stream.name}' of '{file}' holds text, not samples.")
    names = channel_names(stream.labels, known, file, f"stream '{stream.name}'")
    unit = _unit(file, key, stream, names, known)
    rate_hz = stream.rate_hz or None
    return checked_stream(file, names, unit, stream.t, stream.x.astype(np.float64), rate_hz)


def _unit(
    file: Path, key: str, stream: XdfStream, names: tuple[str, ...], known: KnownStream
) -> str:
    """Return the unit that the wanted channels state, else the set-up's."""
    units = zip(names, stream.units, strict=True)
    wanted = set(known.channels) & set(names) or set(names)
    stated = {unit for name, unit in units if name in wanted}
    meant = {known_unit(key, unit) for unit in stated}
    if len(meant) == 1 and (unit := meant.pop()):
        return unit
    if known.unit and len(stated) == 1:
        return known.unit
    raise UserError(
        f"Stream '{stream.name}' of '{file}' states the unit "
        f"{' and '.join(sorted(repr(u) for u in stated))}; say which unit its samples have: "
        f"[streams.{key}] unit in a configuration, which `play` takes with --config."
    )
