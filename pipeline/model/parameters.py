"""The parameters that calibration may move: an unbounded vector, mapped into bounds.

The vector's zero is the prior, so that a pull towards zero is a pull towards what is known of
the muscle, not towards a parameter value of zero.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.model.label import Label
from pipeline.model.nms import TENSORS, Parameters, parameters_of, stacked
from pipeline.model.subject import CALIBRATED, Subject
from pipeline.shapes import Float

Array = NDArray[np.float64]

RELATIVE = frozenset({"optimal_fibre_length", "tendon_slack_length", "strength"})
"""Parameters whose bounds are relative to the prior; those of the others are absolute."""
LOGARITHMIC = frozenset({"strength", "gain"})
"""Parameters that lie between their bounds by their logarithm: half and double are as far."""
_TINY = 1e-6
_INSIDE = 0.02
"""A prior this close to a bound, as a fraction of the range, is moved off it."""
AT_BOUND = 0.01
"""A value this close to a bound, as a fraction of the range, counts as at the bound."""


@dataclass(frozen=True)
class Rule:
    """Whether a kind of parameter is free, and its bounds."""

    free: bool
    bounds: tuple[float, float]


class _Block(NamedTuple):
    """Where one kind of parameter lies in the vector."""

    name: str
    start: int
    members: Tensor
    """For each muscle the place in the block that it reads, shape [muscle]."""
    low: Tensor
    span: Tensor
    logarithmic: bool
    """Whether low and span are of the logarithm."""
    offset: Tensor
    """Value of the sigmoid's argument at the prior, shape [block]."""
    scale: Tensor
    """What the bounded value is multiplied by, shape [muscle]."""


class Kind(NamedTuple):
    """One kind of free parameter in the vector."""

    name: str
    start: int
    members: Tensor
    """For each muscle the place after `start` that it reads, shape [muscle]."""
    mask: Tensor
    """Whether an entry of the vector is of this kind, shape [parameter]."""
    size: int
    """Number of entries of the vector."""

    @property
    def places(self) -> range:
        """Where these entries are."""
        return range(self.start, self.start + self.size)


class ParameterSpace:
    """Maps vectors [..., size] to muscle parameters and back.

    Parameters
    ----------
    prior
        What is believed of the person before any data; also holds the fixed parameters.
    rules
        For each name in `CALIBRATED` whether it is free and its bounds.
    strength_groups, gain_groups
        Muscles that share one strength, or one gain since the same electrodes drive them; a muscle
        in no group has its own.
    """

    def __init__(
        self,
        prior: Subject,
        rules: Mapping[str, Rule],
        strength_groups: Sequence[Sequence[str]] = (),
        dtype: torch.dtype = torch.float64,
        device: str = "cpu",
        gain_groups: Sequence[Sequence[str]] = (),
    ) -> None:
        self._given = (rules, strength_groups, dtype, device, gain_groups)
        self._dtype, self._device = dtype, device
        self._lay_out(prior)

    def _lay_out(self, prior: Subject) -> None:
        """Say which parameter stands where in the vector, and what it is around."""
        rules, strength_groups, dtype, device, gain_groups = self._given
        self.prior = prior
        self._fixed = parameters_of(prior, dtype, device)
        self._blocks: list[_Block] = []
        self.labels: list[Label] = []
        shared = {"strength": strength_groups, "gain": gain_groups}
        for name in CALIBRATED:
            if rules[name].free:
                groups = _groups(prior.muscles, shared.get(name, ()))
                self._add(name, rules[name].bounds, groups)
        self.size = len(self.labels)
        self.muscle_size = self.size
        """Entries of the vector that are the muscles'; bones follow them, see `inertia`."""

    def _add(self, name: str, bounds: tuple[float, float], groups: list[list[int]]) -> None:
        values = getattr(self.prior, name)
        relative = name in RELATIVE
        start = np.array([1.0 if relative else values[g].mean() for g in groups])
        logarithmic = name in LOGARITHMIC
        low, high = np.log(bounds) if logarithmic else bounds
        start = np.log(start) if logarithmic else start
        fraction = np.clip((start - low) / (high - low), _INSIDE, 1.0 - _INSIDE)
        members = np.zeros(len(values), dtype=np.int64)
        for place, group in enumerate(groups):
            members[group] = place
        self._blocks.append(
            _Block(
                name,
                len(self.labels),
                torch.as_tensor(members, device=self._device),
                self._tensor(low),
                self._tensor(high - low),
                logarithmic,
                self._tensor(np.log(fraction / (1.0 - fraction))),
                self._tensor(values if relative else np.ones_like(values)),
            )
        )
        muscles = self.prior.muscles
        self.labels += [Label("+".join(muscles[i] for i in group), name) for group in groups]

    def _tensor(self, values: float | Array) -> Tensor:
        return torch.as_tensor(values, dtype=self._dtype, device=self._device)

    def around(self, prior: Subject) -> ParameterSpace:
        """Return the same space around another person before data."""
        other = copy.copy(self)
        other._lay_out(prior)
        return other

    def bounds(self, name: str) -> tuple[float, float] | None:
        """Return the bounds of a kind of parameter; None where it is not free."""
        rule = self._given[0][name]
        return rule.bounds if rule.free else None

    def zeros(self) -> Float[Tensor, " parameter"]:
        """Return the vector of the prior."""
        return torch.zeros(self.size, dtype=self._dtype, device=self._device)

    def kinds(self) -> list[Kind]:
        """Return the kinds of parameters that are free, in the order of the vector."""
        place = torch.arange(self.size, device=self._device)
        return [
            Kind(b.name, b.start, b.members, (place >= b.start) & (place < b.start + size), size)
            for b, size in ((b, len(b.offset)) for b in self._blocks)
        ]

    def parameters(self, vector: Float[Tensor, "*batch parameter"]) -> Parameters:
        """Return the muscle parameters at `vector`, each of shape [..., muscle, 1]."""
        moved: dict[str, Any] = {
            b.name: (self._bounded(b, vector)[..., b.members] * b.scale).unsqueeze(-1)
            for b in self._blocks
        }
        return self._fixed._replace(**moved)

    def inertia(self, vector: Tensor) -> Tensor | None:
        """Return the bones at `vector` where the space has any, shape [..., bone, 10]."""
        return None

    def subject(self, vector: Float[Tensor, " parameter"]) -> Subject:
        """Return the person at `vector`."""
        parameters = self.parameters(vector.detach())
        return self.prior.with_values(
            {b.name: getattr(parameters, b.name)[..., 0].cpu().numpy() for b in self._blocks}
        )

    def vector(self, subject: Subject) -> Float[Tensor, " parameter"]:
        """Return the vector nearest to `subject`; values outside the bounds are moved inside."""
        parts = []
        for block in self._blocks:
            values = self._tensor(getattr(subject, block.name)) / block.scale
            shared = torch.zeros_like(block.offset).scatter_reduce(
                0, block.members, values, "mean", include_self=False
            )
            shared = shared.clamp_min(_TINY).log() if block.logarithmic else shared
            fraction = ((shared - block.low) / block.span).clamp(_INSIDE / 4, 1 - _INSIDE / 4)
            parts.append(torch.logit(fraction) - block.offset)
        return torch.cat(parts) if parts else self.zeros()

    def at_bound(self, vector: Float[Tensor, " parameter"]) -> list[Label]:
        """Return the labels of the parameters that have run to a bound."""
        found = []
        for block in self._blocks:
            fraction = self._fraction(block, vector)
            close = (fraction < AT_BOUND) | (fraction > 1.0 - AT_BOUND)
            found += [self.labels[block.start + int(i)] for i in close.nonzero().flatten()]
        return found

    def _bounded(self, block: _Block, vector: Tensor) -> Tensor:
        value = block.low + block.span * self._fraction(block, vector)
        return value.exp() if block.logarithmic else value

    def _fraction(self, block: _Block, vector: Tensor) -> Tensor:
        """Return the place between the bounds, 0..1."""
        part = vector[..., block.start : block.start + len(block.offset)]
        return torch.sigmoid(part + block.offset)


class SpacesTogether:
    """The spaces of several people with the same free parameters, for their vectors side by side.

    Parameters
    ----------
    spaces
        One of each person, of one kind of muscle; priors and bounds may differ.
    """

    def __init__(self, spaces: Sequence[ParameterSpace]) -> None:
        self._fixed = stacked([space._fixed for space in spaces])
        self._blocks = [
            _stacked_blocks(blocks) for blocks in zip(*(s._blocks for s in spaces), strict=True)
        ]

    def of(self, members: Tensor) -> SpacesTogether:
        """Return those of some of the people, given their places."""
        other = copy.copy(self)
        tensors: dict[str, Any] = {name: getattr(self._fixed, name)[members] for name in TENSORS}
        other._fixed = self._fixed._replace(**tensors)
        other._blocks = [
            b._replace(**{name: getattr(b, name)[members] for name in _PERSONAL})
            for b in self._blocks
        ]
        return other

    def parameters(self, vectors: Float[Tensor, "member *inner parameter"]) -> Parameters:
        """Return the muscle parameters at vectors, each of shape [member, ..., muscle, 1]."""
        inner = (1,) * (vectors.dim() - 2)

        def wide(values: Tensor) -> Tensor:
            return values.view(len(values), *inner, *values.shape[1:])

        moved: dict[str, Any] = {name: wide(getattr(self._fixed, name)) for name in TENSORS}
        for b in self._blocks:
            part = vectors[..., b.start : b.start + b.offset.shape[-1]]
            value = wide(b.low) + wide(b.span) * torch.sigmoid(part + wide(b.offset))
            value = value.exp() if b.logarithmic else value
            moved[b.name] = (value[..., b.members] * wide(b.scale)).unsqueeze(-1)
        return self._fixed._replace(**moved)


_PERSONAL = ("low", "span", "offset", "scale")
"""What of a block is each person's own."""


def _stacked_blocks(blocks: Sequence[_Block]) -> _Block:
    """Return the same block of several people, shapes [member, 1], [member, block] and so on."""
    columns: dict[str, Any] = {
        name: torch.stack([getattr(b, name).reshape(-1) for b in blocks]) for name in _PERSONAL
    }
    return blocks[0]._replace(**columns)


def _groups(muscles: tuple[str, ...], named: Sequence[Sequence[str]]) -> list[list[int]]:
    """Return the groups as indices, in the order of the muscles, singles included."""
    place = {name: i for i, name in enumerate(muscles)}
    groups = [[place[m] for m in group] for group in named]
    taken = {i for group in groups for i in group}
    groups += [[i] for i in range(len(muscles)) if i not in taken]
    return sorted(groups)
