"""A source model opened by the program it is made for."""

from __future__ import annotations

from daemon.modelling.mujoco import MujocoPaths
from daemon.modelling.opensim import OpensimPaths
from daemon.modelling.source import Source, Wanted
from pipeline.errors import UserError

OPENSIM, MUJOCO = ".osim", (".xml", ".mjcf")


def open_source(wanted: Wanted) -> Source:
    """Open a source model, told apart by its file's suffix.

    Raises
    ------
    UserError
        If the file is missing or no model, its package is not installed, or it lacks a
        coordinate or muscle that is wanted.
    """
    if not wanted.path.is_file():
        raise UserError(f"The model '{wanted.path}' does not exist; check the path.")
    suffix = wanted.path.suffix.lower()
    if suffix == OPENSIM:
        return OpensimPaths(wanted)
    if suffix in MUJOCO:
        return MujocoPaths(wanted)
    raise UserError(
        f"'{wanted.path}' is no source of a model; give an OpenSim model (.osim) or a MuJoCo "
        "model (.xml)."
    )
