"""Muscles and bones as one vector: the space of a calibration that learns from motion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from pipeline.model.label import Label
from pipeline.model.parameters import ParameterSpace, Rule
from pipeline.model.skeleton import RANGE, BoneSpace
from pipeline.model.skeleton.multipliers import multiplier, unbounded
from pipeline.model.subject import Subject
from pipeline.shapes import Float

AT_BOUND = 0.01
"""A multiplier this close to an end of its range counts as at the bound."""


@dataclass(frozen=True)
class Bones:
    """The bones a calibration starts from.

    Parameters
    ----------
    names
        From the trunk outwards.
    inertia
        Inertial parameters believed, shape [bone, 10].
    free
        Whether they are identified.
    width
        Standard deviation of the multiplier of each of their numbers before any data.
    """

    names: tuple[str, ...]
    inertia: Tensor
    free: bool
    width: float


class BodySpace(ParameterSpace):
    """A `ParameterSpace` whose vector goes on with the bones, each number in prior deviations.

    Motion alone does not tell how strong and heavy a person is. What does, besides a measured
    torque, is that bones are known better beforehand than muscles: a step of one in the vector is
    one `Bones.width` here, and a fair part of the whole range for a muscle's strength.

    Parameters
    ----------
    prior, rules, strength_groups, dtype, device, gain_groups
        As of `ParameterSpace`.
    bones
        The bones.
    """

    def __init__(
        self,
        prior: Subject,
        rules: Mapping[str, Rule],
        bones: Bones,
        strength_groups: Sequence[Sequence[str]] = (),
        dtype: torch.dtype = torch.float64,
        device: str = "cpu",
        gain_groups: Sequence[Sequence[str]] = (),
    ) -> None:
        self.believed = bones.inertia.to(device, dtype)
        self._width = bones.width
        self._bones = BoneSpace(bones.names, self.believed)
        self.bone_size = self._bones.size if bones.free else 0
        super().__init__(prior, rules, strength_groups, dtype, device, gain_groups)

    def _lay_out(self, prior: Subject) -> None:
        super()._lay_out(prior)
        if self.bone_size:
            self.labels += self._bones.labels
            self.size = len(self.labels)

    def inertia(self, vector: Float[Tensor, "*batch parameter"]) -> Float[Tensor, "*any bone 10"]:
        """Return the bones' inertial parameters at `vector`, shape [..., bone, 10]."""
        if self.bone_size == 0:
            return self.believed
        return self._bones.inertia(self._width * vector[..., self.muscle_size :])

    def multipliers(
        self, vector: Float[Tensor, "*batch parameter"]
    ) -> Float[Tensor, "*batch number"]:
        """Return what each free number of the bones is multiplied by, shape [..., number]."""
        return multiplier(self._width * vector[..., self.muscle_size :])

    def subject(self, vector: Tensor) -> Subject:
        """Return the person at `vector`, bones included."""
        # In double precision, so that `vector` finds the same numbers again.
        factors = self.multipliers(vector.detach().double()).tolist()
        bones = dict(zip(map(str, self.labels[self.muscle_size :]), factors, strict=True))
        return replace(super().subject(vector), bones=bones)

    def vector(self, subject: Subject) -> Tensor:
        """Return the vector nearest to `subject`; bones that it lacks are as believed."""
        muscles = super().vector(subject)[: self.muscle_size]
        labels = self.labels[self.muscle_size :]
        factors = torch.tensor(
            [subject.bones.get(str(x), 1.0) for x in labels], dtype=torch.float64
        )
        return torch.cat((muscles, (unbounded(factors) / self._width).to(muscles)))

    def at_bound(self, vector: Tensor) -> list[Label]:
        """Return the labels of the parameters that have run to a bound."""
        factor = self.multipliers(vector)
        close = (factor < RANGE[0] + AT_BOUND) | (factor > RANGE[1] - AT_BOUND)
        ran = [self.labels[self.muscle_size + int(i)] for i in close.nonzero().flatten()]
        return super().at_bound(vector) + ran
