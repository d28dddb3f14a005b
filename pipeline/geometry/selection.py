"""A model with some of its muscles: a file may hold more than a set-up uses."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from pipeline.errors import UserError
from pipeline.geometry.model_file import ModelFile


def with_muscles(model: ModelFile, names: Collection[str]) -> ModelFile:
    """Return the model with these muscles only, in the file's order.

    Raises
    ------
    UserError
        If a name is no muscle of the model, or there is none at all.
    """
    if missing := [name for name in names if name not in model.muscle_names]:
        raise UserError(
            f"Model {model.name} has no muscle {', '.join(map(repr, missing))}; "
            f"it has {', '.join(model.muscle_names)}."
        )
    if not names:
        raise UserError(
            f"No muscle of model {model.name} is used; name at least one of "
            f"{', '.join(model.muscle_names)}."
        )
    chosen = tuple(muscle for muscle in model.muscles if muscle.name in names)
    return replace(model, muscles=chosen)


def crossing(model: ModelFile, dofs: Collection[str]) -> tuple[str, ...]:
    """Return the muscles that have a moment arm about one of these joints, in the file's order.

    A fitted path names just the coordinates about which its muscle has a moment arm somewhere in
    their range, so nothing is evaluated.
    """
    return tuple(
        muscle.name for muscle in model.muscles if not set(dofs).isdisjoint(muscle.path.coordinates)
    )
