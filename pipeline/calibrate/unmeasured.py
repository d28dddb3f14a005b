"""Muscles that no electrode reaches, as forces that close the equation and are then forgotten.

At each sample the forces that come closest to what the measured muscles leave over are found by
bounded least squares. They are constants to the gradient: at their optimum the loss falls with the
other parameters as if they were held (variable projection), so nothing is assumed of how deep
muscles are driven, and nothing is learnt of them.

References
----------
Sanderink, Zhou, Luo, Fang 2025, arXiv 2509.22825. Golub & Pereyra 2003, Inverse Problems 19:R1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

RIDGE = 1e-3
"""Pull of the forces towards zero, in units of what a muscle's full force changes."""
ROUNDS = 8
"""Two sweeps and a step on a face each; any of them is the last needed where the muscles at a bound
are already the right ones."""


@dataclass(frozen=True)
class UnmeasuredMuscles:
    """Which muscles are deep, and how strong they can be.

    Parameters
    ----------
    unmeasured
        Bool, shape [muscle].
    most
        Largest force of each, N, shape [muscle].
    """

    deep: Tensor
    most: Tensor

    @cached_property
    def places(self) -> Tensor:
        """Where the deep muscles are among all; looked up once, for a GPU makes the host wait."""
        return self.deep.nonzero().flatten()

    def closed(
        self, error: Tensor, moment_arm: Tensor, scale: Tensor, felt: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """Return what the deep muscles, pulling as well as they can, leave of an error.

        Parameters
        ----------
        error
            Of the other muscles, in the reference's unit, shape [..., trial, dof, time].
        moment_arm
            m, shape [..., trial, dof, muscle, time].
        scale
            Spread of each DOF's reference, by which they are weighed alike, shape [..., dof].
        felt
            What moments, N*m, shape [..., trial, dof, time], change of the error.
        """
        with torch.no_grad():
            full = moment_arm[..., self.places, :] * self.most[self.places, None]
            effect = torch.stack([felt(one) for one in full.unbind(-2)], -2)
            share = _bounded(
                effect / scale[..., None, :, None, None], -error / scale[..., None, :, None]
            )
            change = torch.einsum("...dmt,...mt->...dt", effect, share)
        return error + change


def _bounded(effect: Tensor, wanted: Tensor) -> Tensor:
    """Return shares in 0..1 of each muscle whose effects come closest to what is wanted.

    Parameters
    ----------
    effect
        Shape [..., dof, muscle, time].
    wanted
        Shape [..., dof, time].
    """
    effect, wanted = effect.movedim(-1, -3), wanted.movedim(-1, -2)
    gram = effect.mT @ effect
    target = (effect.mT @ wanted[..., None])[..., 0]
    strongest = gram.diagonal(dim1=-2, dim2=-1).amax(dim=(-2, -1), keepdim=True).clamp_min(1e-12)
    one = torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
    gram = gram + RIDGE * strongest[..., None] * one
    share = torch.zeros_like(target)
    for _ in range(ROUNDS):
        share = _swept(gram, target, _swept(gram, target, share))
        share = _face_solved(gram, target, share)
    return share.movedim(-1, -2)


def _swept(gram: Tensor, target: Tensor, share: Tensor) -> Tensor:
    """Return shares, [..., time, muscle], each of which in turn was made the best."""
    share = share.clone()
    for m in range(share.shape[-1]):
        left = target[..., m] - (gram[..., m, :] * share).sum(-1)
        share[..., m] = (share[..., m] + left / gram[..., m, m]).clamp(0.0, 1.0)
    return share


def _face_solved(gram: Tensor, target: Tensor, share: Tensor) -> Tensor:
    """Return the shares after a step towards the best of those between their bounds, together.

    The others stay; the step ends where one meets a bound. So the squares never grow.
    """
    free = (share > 0.0) & (share < 1.0)
    left = target - (gram @ share[..., None])[..., 0]
    held = torch.diag_embed((~free).to(gram))
    face = gram * (free[..., :, None] & free[..., None, :]) + held
    step = torch.linalg.solve_ex(face, torch.where(free, left, 0.0)[..., None])[0][..., 0]
    room = torch.where(step > 0.0, 1.0 - share, share) / step.abs()
    furthest = torch.where(step == 0.0, 1.0, room).amin(-1, keepdim=True).clamp(max=1.0)
    stepped: Tensor = share + furthest * step
    return stepped.clamp(0.0, 1.0)
