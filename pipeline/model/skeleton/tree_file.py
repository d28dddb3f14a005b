"""The skeleton file: a chain as JSON, SI units."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import UserError
from pipeline.files import parsed_json
from pipeline.model.skeleton.tree import Bone, Hinge, KinematicTree

FORMAT = "hillstream-skeleton/1"
"""What the file's ``format`` has to say."""


def load_skeleton(path: str | Path) -> KinematicTree:
    """Read a skeleton file.

    Raises
    ------
    UserError
        If the file is missing, is no skeleton, or describes one that cannot be.
    """
    try:
        content = parsed_json(Path(path))
    except OSError as error:
        raise UserError(
            f"Skeleton '{path}' cannot be read ({error.strerror}); give the path of a skeleton "
            "file such as configs/models/myoarm_skeleton.json."
        ) from error
    except ValueError as error:
        raise UserError(f"Skeleton '{path}' is not JSON: {error}.") from error
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
        raise UserError(f"'{path}' is not a skeleton of format {FORMAT}.")
    try:
        return _tree(content)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise UserError(
            f"Skeleton '{path}' lacks an entry or has a wrong one: {type(error).__name__} {error}."
        ) from error


def skeleton_content(chain: KinematicTree) -> dict[str, Any]:
    """Return what a skeleton file says of a chain."""
    return {"format": FORMAT, **asdict(chain)}


def save_skeleton(chain: KinematicTree, path: Path) -> None:
    """Write a skeleton file."""
    content = skeleton_content(chain)
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _tree(content: dict[str, Any]) -> KinematicTree:
    return KinematicTree(
        name=str(content.pop("name")),
        origin=str(content.pop("origin")),
        license=str(content.pop("license")),
        coordinates=tuple(str(name) for name in content.pop("coordinates")),
        hinges=tuple(_hinge(part) for part in content.pop("hinges")),
        bones=tuple(_bone(part) for part in content.pop("bones")),
        gravity_m_s2=_numbers(content.pop("gravity_m_s2"), 3),
        **content,
    )


def _hinge(part: dict[str, Any]) -> Hinge:
    return Hinge(
        **{
            **part,
            "offset_m": _numbers(part["offset_m"], 3),
            "quaternion": _unit(_numbers(part["quaternion"], 4)),
            "axis": _unit(_numbers(part["axis"], 3)),
            "angle": {str(k): float(v) for k, v in part["angle"].items()},
        }
    )


def _bone(part: dict[str, Any]) -> Bone:
    return Bone(
        name=str(part["name"]),
        mass_kg=float(part["mass_kg"]),
        centre_of_mass_m=_numbers(part["centre_of_mass_m"], 3),
        inertia_kg_m2=_numbers(part["inertia_kg_m2"], 6),
    )


def _numbers(values: Any, count: int) -> Any:
    numbers = tuple(float(value) for value in values)
    if len(numbers) != count or not np.isfinite(numbers).all():
        raise ValueError(f"{list(numbers)} where {count} finite numbers are needed")
    return numbers


def _unit(values: tuple[float, ...]) -> Any:
    """Return a vector of length one."""
    size = float(np.linalg.norm(values))
    if size < 1e-9:
        raise ValueError(f"{list(values)} has no direction")
    return tuple(value / size for value in values)
