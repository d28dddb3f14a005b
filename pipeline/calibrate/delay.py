"""The electromechanical delay: what is known of it, and trials delayed by it, differentiable."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from pipeline.calibrate.loss import Trials
from pipeline.model.delay import USUAL_DELAY_S
from pipeline.model.subject import Subject
from pipeline.shapes import Float

_WHOLE = 1.0 - 1e-5
"""Share of a delayed excitation from which on it counts as measured."""


@dataclass(frozen=True)
class Delays:
    """What is known of the electromechanical delay.

    Parameters
    ----------
    least_s, longest_s
        Between what it lies, s; the same twice where it is given.
    envelope_s
        What of it the rows have behind them: the envelope's own delay.
    """

    least_s: float = 0.0
    longest_s: float = 0.0
    envelope_s: float = 0.0

    @property
    def range_s(self) -> tuple[float, float]:
        """Least and longest that is left after the envelope's own."""
        return max(0.0, self.least_s - self.envelope_s), max(0.0, self.longest_s - self.envelope_s)

    @property
    def deviation_s(self) -> float:
        """Standard deviation of a delay of which no more than the range is known, s."""
        least, longest = self.range_s
        return (longest - least) / float(np.sqrt(12.0))

    def left(self, subject: Subject) -> float:
        """Return what is left for a person, in whom it may be known; the usual where it is not."""
        least, longest = self.range_s
        whole = USUAL_DELAY_S if subject.delay_s is None else subject.delay_s
        return float(np.clip(whole - self.envelope_s, least, longest))

    def told(self, subject: Subject, left_s: float) -> Subject:
        """Return the person with their whole delay."""
        return replace(subject, delay_s=left_s + self.envelope_s)


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
