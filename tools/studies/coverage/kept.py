"""What was learnt of a person as a file of arrays, of which nothing but numbers is read."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pipeline.calibrate.confidence import Grounds
from pipeline.calibrate.loss import Trials
from pipeline.calibrate.motion import MotionRegressor
from pipeline.model.parameters import ParameterSpace

_TRIALS = [name for name in Trials._fields if name != "regressor"]


def keep(path: Path, grounds: Grounds | None) -> None:
    """Write what tells how well a person is known; the file is there whole or not at all."""
    part = path.with_name(f".{os.getpid()}-{path.name}")
    arrays: dict[str, Any] = {} if grounds is None else _arrays(grounds)
    np.savez(part, **arrays)
    part.replace(path)


def _arrays(grounds: Grounds) -> dict[str, np.ndarray]:
    trials, regressor = grounds.trials, grounds.trials.regressor
    tensors: dict[str, Tensor | None] = {"vector": grounds.vector, "scale": grounds.scale}
    tensors |= {name: getattr(trials, name) for name in _TRIALS}
    tensors |= {} if regressor is None else regressor._asdict()
    numbers = {
        "step_s": np.array(grounds.step_s),
        "delay_deviation_s": np.array(grounds.delay_deviation_s),
        "tendon_slack_length": grounds.space.prior.tendon_slack_length,
    }
    return numbers | {name: one.numpy() for name, one in tensors.items() if one is not None}


def kept(path: Path, space: ParameterSpace) -> Grounds | None:
    """Return what was written of a person.

    Parameters
    ----------
    space
        That of the set-up, before the person's postures moved tendon slack lengths.

    Returns
    -------
    Grounds or None
        None where nothing was learnt.
    """
    with np.load(path, allow_pickle=False) as arrays:
        if not arrays.files:
            return None
        numbers = {name: arrays[name] for name in arrays.files}
    prior = replace(space.prior, tendon_slack_length=numbers.pop("tendon_slack_length"))
    step_s, delay_s = (float(numbers.pop(name)) for name in ("step_s", "delay_deviation_s"))
    tensors = {name: torch.from_numpy(one) for name, one in numbers.items()}
    parts = [tensors.get(name) for name in MotionRegressor._fields]
    regressor = None if any(one is None for one in parts) else MotionRegressor(*parts)  # type: ignore[arg-type]
    fields: dict[str, Any] = {name: tensors.get(name) for name in _TRIALS}
    trials = Trials(**fields, regressor=regressor)
    return Grounds(
        space.around(prior), tensors["vector"], trials, tensors["scale"], step_s, delay_s
    )
