"""The files that a draft is made from: a model, which may have to be fitted, and recordings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from daemon.drafting.joints import Joints
from daemon.drafting.offer import Offer
from pipeline.geometry import ModelFile, load_model
from pipeline.streams.recordings.load import load_recording
from pipeline.streams.recordings.recording import Recording


def recorded(files: Mapping[str, Sequence[Path]]) -> Recording:
    """Return what files hold, by role, or whole recordings under ``files``.

    Raises
    ------
    UserError
        If one cannot be read.
    """
    whole = files.get("files", ())
    if whole:
        return load_recording(whole[0])
    parts = [f"{role}={file}" for role, given in files.items() for file in given]
    return load_recording(",".join(parts))


def coordinates_of(source: Path) -> tuple[str, ...]:
    """Return the coordinates of a model; raises UserError if it cannot be read."""
    return load_model(source).coordinate_names


def model_for(
    source: Path,
    out: Path,
    joints: Joints,
    offer: Offer,
    overwrite: bool,
    accept: bool,
    on_progress: Callable[[float], None],
) -> tuple[ModelFile, Path]:
    """Return the model with its paths fitted, and the file it is in."""
    return load_model(source), source
