"""AdamW at two speeds: strength follows the person, geometry settles."""

from __future__ import annotations

import torch
from torch import Tensor

from pipeline.adamw import AdamW
from pipeline.device import asynchronous
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
        fast = [place for kind in space.kinds() if kind.name == FAST for place in kind.places]
        slow = [place for place in range(space.size) if place not in fast]
        device = start.device
        order = [torch.tensor(part, dtype=torch.int64, device=device) for part in (fast, slow)]
        self._back = torch.cat(order).argsort()
        self._parts = [start[places].clone().requires_grad_() for places in order]
        self._optimiser = AdamW(self._parts, weight_decay)
        self._rates: tuple[float, float] | tuple[Tensor, Tensor] = 0.0, 0.0
        if asynchronous(device):
            fast_rate = torch.zeros((), dtype=torch.float64, device=device)
            self._rates = fast_rate, fast_rate.clone()

    @property
    def vector(self) -> Tensor:
        """The parameter vector; its gradient reaches what `step` moves."""
        return torch.cat(self._parts)[self._back]

    def set_rates(self, fast: float, slow: float) -> None:
        """Set the learning rates of strength and of everything else."""
        known = self._rates
        if isinstance(known[0], Tensor) and isinstance(known[1], Tensor):
            known[0].fill_(fast)  # in the memory where a recorded step finds them
            known[1].fill_(slow)
        else:
            self._rates = fast, slow

    def step(self, loss: Tensor) -> None:
        """Move the vector down the gradient of `loss`."""
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step(*self._rates)
