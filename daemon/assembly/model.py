"""The muscles of the model file that a set-up uses."""

from __future__ import annotations

from daemon.config import Config
from pipeline.geometry import ModelFile, crossing, load_model, with_muscles


def model_in_use(config: Config) -> ModelFile:
    """Return the model of a set-up, with the muscles that it uses.

    Raises
    ------
    UserError
        If the model file cannot be read or lacks a muscle that the set-up names.
    """
    return in_use(config, load_model(config.model.file))


def in_use(config: Config, model: ModelFile) -> ModelFile:
    """Return the model with the muscles that a set-up uses, in the file's order.

    Raises
    ------
    UserError
        If the model lacks a muscle that the set-up names.
    """
    section = config.model
    if isinstance(section.use_muscles, list):
        return with_muscles(model, section.use_muscles)
    others = crossing(model, section.dofs) if section.use_muscles == "all" else ()
    # A muscle with an electrode is used even where it crosses no joint of the set-up: the
    # synergies of the others are learnt from what it does.
    return with_muscles(model, {**section.muscles, **dict.fromkeys(others)})


def left_out(config: Config, model: ModelFile) -> tuple[str, ...]:
    """Return the muscles of the file that cross a joint of the set-up and that it does not use."""
    used = in_use(config, model).muscle_names
    return tuple(name for name in crossing(model, config.model.dofs) if name not in used)
