"""The electromechanical delay of trials, differentiable, so that it can be found."""

from __future__ import annotations

import torch
from torch import Tensor

from pipeline.calibrate.loss import Trials
from pipeline.shapes import Float

_WHOLE = 1.0 - 1e-5
"""Share of a delayed excitation from which on it counts as measured."""


def delayed(
    signal: Float[Tensor, "*#batch trial muscle time"], steps: Float[Tensor, "*batch"]
) -> Float[Tensor, "*batch trial muscle time"]:
    """Return trials later by a number of grid steps that need not be whole.

    Between two samples the signal is a straight line, as `pipeline.timebase.delay` has it; before
    the first it is held. The gradient reaches signal and steps.

    Parameters
    ----------
    signal
        Shape [..., trial, muscle, time].
    steps
        Not negative, a number for each leading dimension.
    """
    steps = steps[..., None, None, None]
    whole = steps.detach().floor()
    places = torch.arange(signal.shape[-1], device=signal.device) - whole
    shape = (signal + 0.0 * whole).shape
    signal = signal.expand(shape)

    def back(by: int) -> Tensor:
        index = (places - by).clamp_min(0.0).long().expand(shape)
        return torch.gather(signal, -1, index)

    share = steps - whole
    return back(0) * (1.0 - share) + back(1) * share


def with_delay(trials: Trials, steps: float) -> Trials:
    """Return trials whose excitations act `steps` grid steps later."""
    if steps == 0.0:
        return trials
    by = torch.as_tensor(steps, dtype=trials.excitation.dtype, device=trials.excitation.device)
    measured = trials.measured
    if measured is not None:
        measured = delayed(measured.to(trials.excitation.dtype), by) >= _WHOLE
    return trials._replace(excitation=delayed(trials.excitation, by), measured=measured)
