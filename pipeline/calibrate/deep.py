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

import torch
from torch import Tensor

RIDGE = 1e-3
"""Pull of the forces towards zero, in units of what a muscle's full force changes."""
SWEEPS = 20


@dataclass(frozen=True)
class DeepMuscles:
    """Which muscles are deep, and how strong they can be.

    Parameters
    ----------
    deep
        Bool, shape [muscle].
    most
        Largest force of each, N, shape [muscle].
    """

    deep: Tensor
    most: Tensor

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
            full = moment_arm[..., self.deep, :] * self.most[self.deep, None]
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
    gram = torch.einsum("...dmt,...dnt->...mnt", effect, effect)
    target = torch.einsum("...dmt,...dt->...mt", effect, wanted)
    own = gram.diagonal(dim1=-3, dim2=-2).movedim(-1, -2)
    own = own + RIDGE * own.amax(dim=(-2, -1), keepdim=True).clamp_min(1e-12)
    share = torch.zeros_like(target)
    for _ in range(SWEEPS):
        for m in range(share.shape[-2]):
            others = (gram[..., m, :, :] * share).sum(-2) - gram[..., m, m, :] * share[..., m, :]
            share[..., m, :] = ((target[..., m, :] - others) / own[..., m, :]).clamp(0.0, 1.0)
    return share
