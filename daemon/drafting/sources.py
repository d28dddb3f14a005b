"""The files that a draft is made from: a model, which may have to be fitted, and recordings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from daemon.drafting.joints import Joints
from daemon.modelling.anatomy import joint_of
from daemon.modelling.fit import fit_model
from daemon.modelling.opening import open_source
from daemon.modelling.ranges import recorded_angles
from daemon.modelling.source import Wanted
from daemon.modelling.writing import write_model
from pipeline.errors import UserError
from pipeline.files import refuse_existing
from pipeline.geometry import ModelFile, load_model
from pipeline.streams.recordings.load import load_parts, load_recording
from pipeline.streams.recordings.recording import Recording

OWN = ".json"


def recorded(files: Mapping[str, Sequence[Path]]) -> Recording:
    """Return what files hold, by role, or a whole recording under ``files``.

    Raises
    ------
    UserError
        If one cannot be read, or whole recordings are given beside others.
    """
    whole = files.get("files", ())
    if not whole:
        return load_parts(files["emg"], files["angles"], files["moments"])
    if len(whole) > 1 or any(given for role, given in files.items() if role != "files"):
        raise UserError(
            "Give one RECORDING that holds all streams, or the files of each role with --emg, "
            "--angles and --moments."
        )
    return load_recording(whole[0])


def coordinates_of(source: Path, *, named: bool) -> tuple[str, ...]:
    """Return the coordinates of a model that a set-up may be about; raises UserError.

    Parameters
    ----------
    named
        Whether the user names theirs; otherwise those of the joints of arm and leg are offered, for
        a model of a whole body also moves in space and turns its spine.
    """
    if source.suffix.lower() == OWN:
        return load_model(source).coordinate_names
    known = open_source(Wanted(source, ())).known_joints
    return known if named else tuple(name for name in known if joint_of(name) is not None)


def model_for(
    source: Path,
    output: Path,
    joints: Joints,
    recording: Recording | None,
    on_progress: Callable[[str, float], None],
    *,
    accept: bool,
    overwrite: bool,
) -> tuple[ModelFile, Path, tuple[str, ...]]:
    """Return the model with its paths fitted, the file it is in, and what there is to say.

    Parameters
    ----------
    output
        Where a fitted model is written.
    recording
        Narrows the ranges to what was recorded; None for the model's own.
    accept
        Whether muscles that miss a limit are written too.
    overwrite
        Whether a file that is there is written over.

    Raises
    ------
    UserError
        If the model cannot be read or fitted, or a muscle misses a limit.
    """
    if source.suffix.lower() == OWN:
        return load_model(source), source, ()
    if not overwrite:
        refuse_existing(output)
    angles = recorded_angles(recording) if recording else {}
    called = joints.origins["angles"]
    angles |= {dof: angles[label] for dof, label in called.items() if label in angles}
    fitted = fit_model(source, joints.dofs, recorded=angles, on_progress=on_progress)
    try:
        write_model(fitted, output, accept=accept)
    except UserError as error:
        raise UserError(
            f"{error} Ranges and muscles to leave out are given to 'hillstream model fit', whose "
            "file is then --model."
        ) from error
    return fitted.model, output, fitted.notes
