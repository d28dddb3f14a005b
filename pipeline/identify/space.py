"""Muscles and bones as one unbounded vector: a bounded multiplier for each parameter.

References
----------
Zhou, Sanderink, Lemming, Fang 2025, Diff-MSM, arXiv 2508.13303 (a multiplier per parameter).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import torch
from torch import Tensor

from pipeline.model.label import Label
from pipeline.model.nms import Parameters
from pipeline.model.skeleton import SHAPE, BoneSpace
from pipeline.model.skeleton.multipliers import multiplier, unbounded

MUSCLE_KINDS = ("optimal_fibre_length", "max_isometric_force", "max_velocity")
"""What is identified of a muscle, in the order of the vector."""
MASS_AND_CENTRE = ("mass", "centre_x", "centre_y", "centre_z")
"""What is identified of a bone whose inertia about its centre of mass is known."""


class MuscleBoneSpace:
    """Maps vectors [..., size] to muscles and bones; the vector's zero is the prior.

    Every parameter is its prior times a multiplier in `pipeline.model.skeleton.RANGE`; what that
    means of a bone, `BoneSpace` says.

    Parameters
    ----------
    muscles, bones
        Names.
    prior
        Muscle parameters believed, each of shape [muscle, 1].
    inertia
        Bones believed, inertial parameters of shape [bone, 10].
    free
        Which numbers of a bone, as `SHAPE` names them, are identified. Empty keeps all bones.
    """

    def __init__(
        self,
        muscles: Sequence[str],
        bones: Sequence[str],
        prior: Parameters,
        inertia: Tensor,
        free: Collection[str] = SHAPE,
    ) -> None:
        self._prior = prior
        self._bones = BoneSpace(tuple(bones), inertia)
        chosen = [i for i, _ in enumerate(self._bones.labels) if SHAPE[i % len(SHAPE)] in free]
        every = torch.eye(self._bones.size, dtype=inertia.dtype, device=inertia.device)
        self._spread = every[chosen]  # from what is free to all numbers of all bones
        self.muscles = tuple(muscles)
        self.muscle_size = len(MUSCLE_KINDS) * len(muscles)
        self.labels = [Label(muscle, kind) for kind in MUSCLE_KINDS for muscle in muscles]
        self.labels += [self._bones.labels[i] for i in chosen]
        self.size = len(self.labels)

    def zeros(self) -> Tensor:
        """Return the vector of the prior."""
        return self._spread.new_zeros(self.size)

    def parameters(self, vector: Tensor) -> Parameters:
        """Return the muscle parameters at `vector`, each of shape [..., muscle, 1]."""
        factor = multiplier(vector[..., : self.muscle_size])
        factor = torch.unflatten(factor, -1, (len(MUSCLE_KINDS), len(self.muscles), 1))
        moved = {
            kind: getattr(self._prior, kind) * factor[..., i, :, :]
            for i, kind in enumerate(MUSCLE_KINDS)
        }
        return self._prior._replace(**moved)

    def inertia(self, vector: Tensor) -> Tensor:
        """Return the bones' inertial parameters at `vector`, shape [..., bone, 10]."""
        return self._bones.inertia(vector[..., self.muscle_size :] @ self._spread)

    def vector(self, parameters: Parameters, inertia: Tensor) -> Tensor:
        """Return the vector of muscles and bones; what lies outside the range moves inside."""
        ratios = [getattr(parameters, kind) / getattr(self._prior, kind) for kind in MUSCLE_KINDS]
        muscles = unbounded(torch.cat([ratio.flatten() for ratio in ratios]))
        return torch.cat((muscles, self._spread @ self._bones.vector(inertia)))
