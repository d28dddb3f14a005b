"""Muscle synergies: excitations as a few primitives in time, and each muscle's weights of them.

Non-negative matrix factorisation by hierarchical alternating least squares: one synergy after the
other gets the best weights, then the best primitive, while the rest stay. That is what
scikit-learn calls coordinate descent; here it is batched, starts warm, and runs where the
calibrator runs.

References
----------
Hambly et al. 2025, doi 10.1109/TBME.2025.3569682, section III.C. Cichocki & Phan 2009, IEICE
Trans. Fundamentals E92-A:708 (the algorithm). Boutsidis & Gallopoulos 2008, Pattern Recognition
41:1350 (the start).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.emg.synthesis import MIN_VAF, MOST_SYNERGIES, RIDGE

SWEEPS = 300
_EVERY = 10
"""Sweeps between two looks at the progress."""
_PROGRESS = 1e-5
"""Rise of the variance accounted for, over `_EVERY` sweeps, that is worth going on for."""
_TINY = 1e-12


class Synergies(NamedTuple):
    """Weights and primitives, whose product is the excitations."""

    weights: Tensor
    """Shape [..., muscle, synergy], not negative."""
    primitives: Tensor
    """Shape [..., synergy, time], not negative."""

    def excitation(self) -> Tensor:
        """Return the excitations they make, shape [..., muscle, time]."""
        return self.weights @ self.primitives

    def balanced(self) -> Synergies:
        """Return the same with the largest weight of each synergy equal to its highest primitive.

        For excitations in 0..1 both then lie in 0..1 too.
        """
        heaviest = self.weights.amax(-2).clamp_min(_TINY)
        highest = self.primitives.amax(-1).clamp_min(_TINY)
        scale = (highest / heaviest).sqrt()
        return Synergies(self.weights * scale[..., None, :], self.primitives / scale[..., None])


def variance_accounted_for(excitation: Tensor, synergies: Synergies) -> Tensor:
    """Return 1 - (sum of squared residuals) / (sum of squares), not centred, shape [...].

    1 where there is no excitation at all.
    """
    residual = (excitation - synergies.excitation()).square().sum((-2, -1))
    whole = excitation.square().sum((-2, -1))
    return torch.where(whole > 0, 1.0 - residual / whole.clamp_min(_TINY), 1.0)


def factorise(
    excitation: Tensor, count: int, warm: Synergies | None = None, sweeps: int = SWEEPS
) -> Synergies:
    """Return the synergies that make up some excitations best.

    Parameters
    ----------
    excitation
        Shape [..., muscle, time]; what is negative counts as zero.
    count
        Number of synergies, at most the number of muscles and of times.
    warm
        Where to start: the result for the data before. None starts from the singular values.
    sweeps
        Most sweeps; it stops earlier where there is no progress.

    Returns
    -------
    Synergies
        Balanced, see `Synergies.balanced`.

    Raises
    ------
    ValueError
        If there cannot be that many synergies.
    """
    if not 1 <= count <= min(excitation.shape[-2:]):
        raise ValueError(f"{count} synergies of excitations of shape {tuple(excitation.shape)}")
    target = excitation.detach().clamp_min(0.0)
    weights, primitives = warm or _from_singular_values(target, count)
    found = Synergies(weights.detach().clone(), primitives.detach().clone())
    reached = variance_accounted_for(target, found)
    for sweep in range(1, sweeps + 1):
        _improve(target, found)
        if sweep % _EVERY == 0:
            before, reached = reached, variance_accounted_for(target, found)
            if bool((reached - before < _PROGRESS).all()):
                break
    return found.balanced()


def synergies_for(
    excitation: Tensor, min_vaf: float = MIN_VAF, count: int | None = None
) -> Synergies:
    """Return the fewest synergies that account for enough of the variance.

    Parameters
    ----------
    excitation
        Of the muscles with electrodes, shape [muscle, time].
    min_vaf
        Variance that they have to account for.
    count
        Number of synergies where it is given instead.

    Returns
    -------
    Synergies
        Always fewer than there are muscles, but one: as many would say nothing of what the
        muscles have in common.
    """
    most = max(1, min(excitation.shape) - 1)
    if count is not None:
        return factorise(excitation, min(count, most))
    for number in range(1, most):
        found = factorise(excitation, number)
        if float(variance_accounted_for(excitation, found)) >= min_vaf:
            return found
    return factorise(excitation, most)


def foretelling_synergies(excitation: Tensor, min_vaf: float = MIN_VAF) -> Synergies:
    """Return the synergies with which each muscle, left out, is best made from all others.

    For muscles that were recorded until their electrodes failed: of the numbers of synergies that
    account for enough of the variance the fewest may know too little of a muscle, the most fit
    each muscle by itself.

    Parameters
    ----------
    excitation, min_vaf
        As for `synergies_for`.
    """
    most = max(1, min(*excitation.shape, MOST_SYNERGIES + 1) - 1)
    tried = [factorise(excitation, number) for number in range(1, most + 1)]
    enough = [t for t in tried if float(variance_accounted_for(excitation, t)) >= min_vaf]
    return min(enough or tried[-1:], key=lambda one: left_out_error(excitation, one.weights))


def left_out_error(excitation: Tensor, weights: Tensor) -> float:
    """Return how badly each muscle is made from all others, mean over the muscles.

    Its squared error over its variance, with the least-squares primitives of the others.

    Parameters
    ----------
    excitation
        Shape [muscle, time].
    weights
        Shape [muscle, synergy].
    """
    others = 1.0 - torch.eye(len(weights)).to(weights)
    known = weights * others[..., None]  # [left out, muscle, synergy]
    ridge = RIDGE * weights.square().sum(0).mean() + _TINY
    gram = known.mT @ known + ridge * torch.eye(weights.shape[1]).to(weights)
    primitives = torch.linalg.solve(gram, known.mT @ excitation).clamp_min(0.0)
    made = (weights[:, None] @ primitives)[:, 0]
    spread = excitation.var(1).clamp_min(_TINY)
    return float(((made - excitation).square().mean(1) / spread).mean())


def _improve(target: Tensor, found: Synergies) -> None:
    """Sweep once over the primitives and once over the weights, in place."""
    weights, primitives = found
    _sweep(primitives, weights.mT @ target, weights.mT @ weights)
    _sweep(weights.mT, primitives @ target.mT, primitives @ primitives.mT)


def _sweep(rows: Tensor, wanted: Tensor, gram: Tensor) -> None:
    """Give each row [..., synergy, :] in turn its best values that are not negative, in place."""
    curvature = gram.diagonal(dim1=-2, dim2=-1).clamp_min(_TINY).unsqueeze(-1)
    parts = rows, wanted, gram.unsqueeze(-2), curvature
    each = (part.unbind(axis) for part, axis in zip(parts, (-2, -2, -3, -2), strict=True))
    for row, aim, products, own in zip(*each, strict=True):
        slope = aim - (products @ rows).squeeze(-2)
        row.add_(slope.div_(own)).clamp_min_(0.0)


def _from_singular_values(target: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Start from the larger side of each singular vector, and from the mean where that is zero."""
    left, values, right = torch.linalg.svd(target, full_matrices=False)
    left, right = left[..., :count], right[..., :count, :]
    up = left.clamp_min(0.0).norm(dim=-2) * right.clamp_min(0.0).norm(dim=-1)
    down = left.clamp_max(0.0).norm(dim=-2) * right.clamp_max(0.0).norm(dim=-1)
    side = torch.where(up >= down, 1.0, -1.0).to(target)
    root = values[..., :count].sqrt()
    weights = (left * (side * root)[..., None, :]).clamp_min(0.0)
    primitives = (right * (side * root)[..., None]).clamp_min(0.0)
    # What starts at zero may stay there; a hundredth of the mean lets it leave.
    least = 0.01 * target.mean((-2, -1)).clamp_min(_TINY).sqrt()[..., None, None]
    return torch.maximum(weights, least), torch.maximum(primitives, least)
