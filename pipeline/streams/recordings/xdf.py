"""Recordings in XDF, as LabRecorder writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyxdf

from pipeline.errors import UserError
from pipeline.streams.recordings.recording import RecordedStream, checked_stream
from pipeline.streams.roles import ROLES
from pipeline.streams.units import known_unit

Stream = dict[str, Any]


def read_xdf(
    file: Path, names: Mapping[str, str], units: Mapping[str, str]
) -> dict[str, RecordedStream]:
    """Return the streams of an XDF file.

    The stream of a key is the one named in `names`, else the only one whose name ends with the
    key (``hillstream-emg``), else the only one of its type (``EMG``, ``JointAngle``,
    ``JointMoment``, ``ExternalTorque``, ``JointAcceleration``). Clocks are aligned and stamps
    dejittered, as pyxdf does it.

    Raises
    ------
    UserError
        If the file is broken, no stream fits, several do, or a unit is missing.
    """
    offered = _load(file)
    found = {key: _choose(file, offered, key, names.get(key)) for key in ROLES}
    streams = {
        key: _recorded(file, key, stream, units.get(key))
        for key, stream in found.items()
        if stream is not None
    }
    if not streams:
        listed = ", ".join(f"{_name(s)} ({_type(s)})" for s in offered) or "none"
        raise UserError(
            f"'{file}' has no stream of EMG, joint angles or joint moments; it has {listed}."
        )
    return streams


def _load(file: Path) -> list[Stream]:
    try:
        with file.open("rb") as opened:
            streams, _ = pyxdf.load_xdf(opened)
    except Exception as error:  # pyxdf raises whatever its parsing meets, also bare Exception
        raise UserError(
            f"'{file}' cannot be read as XDF ({str(error) or type(error).__name__}); it is broken "
            "or was not written whole."
        ) from error
    return list(streams)


def _choose(file: Path, offered: list[Stream], key: str, name: str | None) -> Stream | None:
    if name is not None:
        return _only(file, key, offered, lambda stream: _name(stream) == name, name)
    by_name = _only(file, key, offered, lambda s: _name(s).lower().endswith(key))
    types = ROLES[key].recorded_types
    return by_name or _only(file, key, offered, lambda s: _type(s).lower() in types)


def _only(
    file: Path,
    key: str,
    offered: list[Stream],
    fits: Callable[[Stream], bool],
    demanded: str | None = None,
) -> Stream | None:
    """Return the one stream that fits, or None."""
    fitting = [stream for stream in offered if fits(stream)]
    if len(fitting) > 1:
        listed = ", ".join(_name(stream) for stream in fitting)
        raise UserError(f"'{file}' has several streams that may be {key}: {listed}; name one.")
    if demanded is not None and not fitting:
        listed = ", ".join(_name(stream) for stream in offered)
        raise UserError(f"'{file}' has no stream '{demanded}'; it has {listed or 'none'}.")
    return fitting[0] if fitting else None


def _recorded(file: Path, key: str, stream: Stream, unit: str | None) -> RecordedStream:
    x = np.asarray(stream["time_series"])
    if not len(x):
        raise UserError(f"Stream '{_name(stream)}' of '{file}' has no samples.")
    if x.dtype.kind not in "fiu":
        raise UserError(f"Stream '{_name(stream)}' of '{file}' holds text, not samples.")
    labels = [_text(c, "label") or str(i) for i, c in enumerate(_channels(stream), start=1)]
    labels += [str(i) for i in range(len(labels) + 1, x.shape[1] + 1)]
    rate_hz = float(_text(stream["info"], "nominal_srate") or 0)
    return checked_stream(
        file,
        labels,
        unit or _stated_unit(file, key, stream),
        np.asarray(stream["time_stamps"], dtype=np.float64),
        x.astype(np.float64),
        rate_hz or None,
    )


def _stated_unit(file: Path, key: str, stream: Stream) -> str:
    """Return the unit that all channels state."""
    stated = {_text(channel, "unit") for channel in _channels(stream)} or {""}
    known = {known_unit(key, unit) for unit in stated}
    unit = known.pop() if len(known) == 1 else None
    if unit is None:
        raise UserError(
            f"Stream '{_name(stream)}' of '{file}' states the unit "
            f"{' and '.join(sorted(repr(u) for u in stated))}; say which unit its samples have."
        )
    return unit


def _channels(stream: Stream) -> list[Any]:
    """Return the channels' descriptions; pyxdf gives XML as nested dicts of lists."""
    node: Any = stream["info"]
    for name in ("desc", "channels"):
        node = (node.get(name) or [None])[0] or {}
    return list(node.get("channel") or [])


def _text(node: Any, name: str) -> str:
    values = node.get(name) if node else None
    return str(values[0] or "") if values else ""


def _name(stream: Stream) -> str:
    return _text(stream["info"], "name")


def _type(stream: Stream) -> str:
    return _text(stream["info"], "type")
