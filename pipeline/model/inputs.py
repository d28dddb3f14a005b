"""What the model is given for some rows, as tensors with time last."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]


class Inputs(NamedTuple):
    """Rows as `simulate` takes them, and what besides is wanted of their geometry."""

    excitation: Tensor
    """After the electromechanical delay, 0..1, shape [muscle, time]."""
    length: Tensor
    """Muscle-tendon lengths, m, shape [muscle, time]."""
    moment_arm: Tensor
    """m, shape [dof, muscle, time]."""
    arm_slope: Tensor | None
    """Derivative of each moment arm by its joint's angle, m/rad, of that shape; None where it is
    not known."""

    @classmethod
    def of(
        cls, excitation: Array, length: Array, moment_arm: Array, arm_slope: Array | None
    ) -> Inputs:
        """Return the tensors of rows, in which time comes first."""
        return cls(
            _time_last(excitation, 1, 0),
            _time_last(length, 1, 0),
            _time_last(moment_arm, 1, 2, 0),
            None if arm_slope is None else _time_last(arm_slope, 1, 2, 0),
        )


def _time_last(values: Array, *axes: int) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(np.transpose(values, axes)))
