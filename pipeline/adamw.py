"""AdamW as all searches take it, without what torch imports around its own.

The first step of an optimiser of `torch.optim` imports torch's compiler, a thousand modules that
nothing here uses; the sums below are the same to the last bit. On a GPU the step counter lies there
too, so that a step that was recorded as a CUDA graph counts on when it is replayed.

References
----------
Loshchilov & Hutter, Decoupled weight decay regularization, ICLR 2019, algorithm 2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from pipeline.device import asynchronous

BETAS = 0.9, 0.99
"""How much of the mean gradient and of the mean squared gradient a step keeps."""


class AdamW:
    """Moves parameters down their gradients, in place.

    Parameters
    ----------
    parameters
        What is moved: leaves that require a gradient.
    weight_decay
        Decoupled pull towards zero, the fraction of a learning rate.
    least_gradient
        Added to the root mean square gradient by which a step is divided.
    """

    def __init__(
        self,
        parameters: Sequence[Tensor],
        weight_decay: float = 0.0,
        least_gradient: float = 1e-8,
    ) -> None:
        self._parameters = list(parameters)
        self._weight_decay, self._least_gradient = weight_decay, least_gradient
        self._means = [torch.zeros_like(parameter) for parameter in parameters]
        self._squares = [torch.zeros_like(parameter) for parameter in parameters]
        self._steps = _counter(self._parameters)

    def of(self, parameters: Sequence[Tensor], chosen: Callable[[Tensor], Tensor]) -> AdamW:
        """Return the optimiser of a part of the parameters, with what it remembers of that part.

        Parameters
        ----------
        parameters
            The parts: leaves that require a gradient.
        chosen
            Returns of a tensor like one of the whole parameters its part.
        """
        other = AdamW(parameters, self._weight_decay, self._least_gradient)
        other._means = [chosen(mean) for mean in self._means]
        other._squares = [chosen(square) for square in self._squares]
        other._steps = self._steps
        return other

    @torch.no_grad()
    def step(self, *rates: float | Tensor) -> None:
        """Take a step by the gradients that a backward pass has left, and clear them.

        Parameters
        ----------
        rates
            Learning rate of each parameter; on a GPU perhaps a tensor without dimensions there.
        """
        self._steps += 1
        bias, square_bias = (1.0 - beta**self._steps for beta in BETAS)
        for parameter, mean, square, rate in zip(
            self._parameters, self._means, self._squares, rates, strict=True
        ):
            gradient, parameter.grad = parameter.grad, None
            if gradient is None:
                continue
            mean.lerp_(gradient, 1.0 - BETAS[0])
            square.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1.0 - BETAS[1])
            spread = (square.sqrt() / square_bias**0.5).add_(self._least_gradient)
            parameter.mul_(1.0 - rate * self._weight_decay)
            _move(parameter, mean, spread, rate / bias)


def _counter(parameters: Sequence[Tensor]) -> int | Tensor:
    """Return a count of zero, on the device of the parameters if that is not the host."""
    device = parameters[0].device
    return torch.zeros((), dtype=torch.float64, device=device) if asynchronous(device) else 0


def _move(parameter: Tensor, mean: Tensor, spread: Tensor, rate: float | Tensor) -> None:
    if isinstance(rate, Tensor):
        parameter.sub_((mean / spread).mul_(rate))
    else:
        parameter.addcdiv_(mean, spread, value=-rate)
