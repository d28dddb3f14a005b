"""AdamW at two speeds: strength follows the person, geometry settles."""

from __future__ import annotations

import torch
from torch import Tensor

from pipeline.adamw import AdamW
from pipeline.model.parameters import ParameterSpace

FAST = "strength"
"""The parameter that changes within minutes, as a muscle tires; the others belong to the body."""


class GroupedAdamW:
    """Holds the parameter vector and moves it.

    Parameters
    ----------
    space
        What the vector's entries are.
    start
        Where to begin.
    weight_decay
        AdamW's decoupled pull towards the prior.
    """

    def __init__(self, space: ParameterSpace, start: Tensor, weight_decay: float) -> None:
        fast = torch.zeros(space.size, dtype=torch.bool, device=start.device)
        for kind in space.kinds():
            if kind.name == FAST:
                fast |= kind.mask
        self._places = (fast.nonzero().flatten(), (~fast).nonzero().flatten())
        self._back = torch.cat(self._places).argsort()
        self._parts = [start[places].clone().requires_grad_() for places in self._places]
        self._optimiser = AdamW(self._parts, weight_decay)
        self._rates = 0.0, 0.0

    @property
    def vector(self) -> Tensor:
        """The parameter vector; its gradient reaches what `step` moves."""
        return torch.cat(self._parts)[self._back]

    def set_rates(self, fast: float, slow: float) -> None:
        """Set the learning rates of strength and of everything else."""
        self._rates = fast, slow

    def step(self, loss: Tensor) -> None:
        """Move the vector down the gradient of `loss`."""
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step(*self._rates)
