"""The same muscle model stepped through time under torch's autograd: the published way.

It is the yardstick that `bench solver` measures the trajectory solver with, and what its gradient
is tested against. Nothing on the way of a sample uses it.

References
----------
Hambly et al. 2025, IEEE TBME, doi 10.1109/TBME.2025.3569682, eq. 1, 2 and A5.
"""

from __future__ import annotations

import torch
from torch import Tensor

from pipeline.model.activation import COEFFICIENT_INTERVAL_S, shaped
from pipeline.model.equilibrium import ForceBalance, tendon_strain
from pipeline.model.nms import Parameters, muscles_of


def stepwise_moments(
    parameters: Parameters,
    excitation: Tensor,
    length: Tensor,
    moment_arm: Tensor,
    step_s: float,
    start: Tensor,
) -> Tensor:
    """Compute the joint moments of a window, one Rosenbrock step after the other.

    Parameters
    ----------
    parameters, excitation, length, moment_arm, step_s
        As for `pipeline.model.nms.simulate`.
    start
        State at the first sample, in equilibrium at rest, shape [..., muscle, 1].

    Returns
    -------
    Tensor
        Joint moments, N*m, shape [..., dof, time].
    """
    active = shaped(neural_recursion(parameters, excitation, step_s), parameters.shape_factor)
    muscles = muscles_of(parameters)
    rate = excitation.new_full(excitation.shape[-1:], 1.0 / step_s)
    w = rosenbrock_states(ForceBalance.of(active, length, muscles, rate), start)
    tendon, _ = muscles.curves.tendon_force(tendon_strain(w, length, muscles))
    force = parameters.max_isometric_force * parameters.strength * tendon
    return (moment_arm * force.unsqueeze(-3)).sum(-2)


def rosenbrock_states(balance: ForceBalance, start: Tensor) -> Tensor:
    """Step the state through time by eq. A5, with `w` for the fibre length, [..., muscle, time].

    The control u of eq. A3 is the activation and the tendon strain of a fibre without length. In
    a force balance whose velocity is written as the change since the step before, the derivative
    by that earlier state stands for ``-1/h df/dv``.
    """
    activations, strains = _samples(balance.activation), _samples(balance.free_strain)
    earlier = w = start
    states = [start]
    for i in range(len(activations) - 1):
        at = balance.step(i).at(w, earlier)
        by_inputs = at.by_activation * (activations[i + 1] - activations[i])
        by_inputs = by_inputs + at.by_strain * (strains[i + 1] - strains[i])
        change = (at.residual + at.by_previous * (w - earlier) + by_inputs) / at.steepness
        earlier, w = w, w + change
        states.append(w)
    return torch.cat(states, -1)


def neural_recursion(parameters: Parameters, excitation: Tensor, step_s: float) -> Tensor:
    """Neural activation by the second-order recursion of eq. 1, settled at the first sample."""
    exponent = step_s / COEFFICIENT_INTERVAL_S
    c1, c2 = -((-parameters.c1) ** exponent), -((-parameters.c2) ** exponent)
    beta1, beta2 = c1 + c2, c1 * c2
    alpha = 1.0 + beta1 + beta2
    samples = _samples((parameters.gain * excitation).clamp_max(1.0))
    earlier = last = samples[0]
    neural = []
    for e in samples:
        earlier, last = last, alpha * e - beta1 * last - beta2 * earlier
        neural.append(last)
    return torch.cat(neural, -1)


def _samples(values: Tensor) -> list[Tensor]:
    """Return the samples of a series one by one, each of shape [..., 1]."""
    return [values[..., i : i + 1] for i in range(values.shape[-1])]
