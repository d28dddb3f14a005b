"""MuJoCo's model files, read without their meshes where these are missing."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from pipeline.errors import UserError

_BALLAST = 1e-6
"""Least mass (kg) and inertia (kg m^2) of a body whose mesh would have given it some."""


def mujoco_package() -> Any:
    """Return the package.

    Raises
    ------
    UserError
        If it is not installed.
    """
    try:
        return import_module("mujoco")
    except ImportError as error:
        raise UserError(
            "A MuJoCo model needs MuJoCo, which is not installed; pip install 'hillstream[mujoco]'."
        ) from error


def read_mujoco(path: Path) -> tuple[Any, Any, list[str]]:
    """Return the package, the model and sentences about what was left out.

    Raises
    ------
    UserError
        If the package is not installed or the file is no model.
    """
    package = mujoco_package()
    try:
        return package, package.MjModel.from_xml_path(str(path)), []
    except ValueError as error:
        model = _without_meshes(package, path)
        if model is None:
            said = " ".join(str(error).split()).rstrip(".")
            raise UserError(f"'{path}' is not a MuJoCo model: {said}.") from error
        note = f"Meshes of {path.name} cannot be read; muscles do not touch them: left out."
        return package, model, [note]


def _without_meshes(package: Any, path: Path) -> Any:
    """Return the model without pictures, or None where that does not help."""
    try:
        spec = package.MjSpec.from_file(str(path))
        for geom in list(spec.geoms):
            if geom.type == package.mjtGeom.mjGEOM_MESH:
                spec.delete(geom)
        for painted in (*spec.geoms, *spec.sites, *spec.tendons):
            painted.material = ""
        for thing in (*spec.meshes, *spec.skins, *spec.materials, *spec.textures):
            spec.delete(thing)
        spec.compiler.boundmass = spec.compiler.boundinertia = _BALLAST
        return spec.compile()
    except (ValueError, AttributeError):
        return None


def named(member: Callable[[int], Any], count: int) -> dict[str, int]:
    """Return the index of each of the model's members by its name."""
    return {str(member(index).name): index for index in range(count)}
