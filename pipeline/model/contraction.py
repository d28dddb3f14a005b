"""From activation and muscle-tendon length to the force along the tendon, elastic or rigid."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from pipeline.model.action import Action, elastic_action, rigid_action
from pipeline.model.equilibrium import Muscles, tendon_strain
from pipeline.model.rigid import rigid_contraction
from pipeline.model.trajectory import Apart, Report, Trajectory, fibre_trajectory
from pipeline.shapes import Float


class Contraction(NamedTuple):
    """What the muscles do; tensors of shape [..., muscle, time]."""

    w: Tensor
    """Fibre length along the tendon over optimal fibre length."""
    strain: Tensor
    """Of the tendon; zero where it is rigid."""
    force: Tensor
    """Along the tendon, over maximum isometric force."""
    report: Report
    action: Callable[[], Action] | None = None
    """What the muscles do besides; None where gradients are recorded."""


class Given(NamedTuple):
    """What muscles contract by over a window; see `contract`."""

    activation: Tensor
    length: Tensor
    muscles: Muscles
    before: Tensor | None

    def of(self, places: list[int]) -> Given:
        """Return that of some of the muscles."""
        index = _index(tuple(places), self.length.device)
        return Given(
            self.activation[..., index, :],
            self.length[..., index, :],
            _chosen(self.muscles, places, index),
            None if self.before is None else self.before[..., index, :],
        )


def contract(
    activation: Float[Tensor, "*#batch muscle time"],
    length: Float[Tensor, "*#batch muscle time"],
    muscles: Muscles,
    rigid: tuple[bool, ...],
    step_s: float,
    before: Float[Tensor, "*#batch muscle 1"] | None = None,
    guess: Float[Tensor, "*#batch muscle time"] | None = None,
    deferred: bool = False,
    apart: Apart | None = None,
) -> Contraction:
    """Compute the contraction over a window.

    Parameters
    ----------
    rigid
        For each muscle whether its tendon is rigid; empty where none is.
    activation, length, muscles, step_s, before, guess, deferred, apart
        As for `fibre_trajectory`.
    """
    given = Given(activation, length, muscles, before)
    if not any(rigid):
        return _elastic(given, step_s, guess, deferred, apart)
    if all(rigid):
        return rigid_part(given, step_s)
    soft, stiff = places_of(rigid)
    guess = None if guess is None else guess[..., _index(tuple(soft), guess.device), :]
    elastic = _elastic(given.of(soft), step_s, guess, deferred, apart)
    return put_together(elastic, rigid_part(given.of(stiff), step_s), rigid)


def places_of(rigid: tuple[bool, ...]) -> tuple[list[int], list[int]]:
    """Return the places of the muscles with an elastic tendon, and of those with a rigid one."""
    soft = [place for place, one in enumerate(rigid) if not one]
    return soft, [place for place, one in enumerate(rigid) if one]


def put_together(elastic: Contraction, other: Contraction, rigid: tuple[bool, ...]) -> Contraction:
    """Return the contraction of all muscles, given that of the elastic and of the rigid ones."""
    soft, stiff = places_of(rigid)
    order = sorted(range(len(rigid)), key=(soft + stiff).__getitem__)
    action = None
    if elastic.action is not None and other.action is not None:
        action = partial(_joined_actions, elastic.action, other.action, order)
    return Contraction(
        _joined(elastic.w, other.w, order),
        _joined(elastic.strain, other.strain, order),
        _joined(elastic.force, other.force, order),
        elastic.report,
        action,
    )


def _joined(one: Tensor, other: Tensor, order: list[int]) -> Tensor:
    return torch.cat((one, other), -2)[..., _index(tuple(order), one.device), :]


def _joined_actions(
    one: Callable[[], Action], other: Callable[[], Action], order: list[int]
) -> Action:
    return Action(*(_joined(*parts, order) for parts in zip(one(), other(), strict=True)))


def _elastic(
    given: Given, step_s: float, guess: Tensor | None, deferred: bool, apart: Apart | None
) -> Contraction:
    activation, length, muscles, before = given
    solved = fibre_trajectory(activation, length, muscles, step_s, before, guess, deferred, apart)
    return elastic_part(solved, given)


def elastic_part(solved: Trajectory, given: Given) -> Contraction:
    """Return the contraction of muscles on an elastic tendon whose states have been found."""
    activation, length, muscles, _ = given
    w, report, balance = solved
    strain = tendon_strain(w, length, muscles)
    action = None if balance is None else partial(elastic_action, balance, activation, muscles)
    return Contraction(w, strain, muscles.curves.tendon_force(strain)[0], report, action)


def rigid_part(given: Given, step_s: float) -> Contraction:
    """Return the contraction of muscles on a rigid tendon; `step_s` as for `contract`."""
    activation, length, muscles, before = given
    w, force, pull = rigid_contraction(activation, length, muscles, step_s, before)
    action = None if pull is None else partial(rigid_action, pull, activation)
    return Contraction(w, torch.zeros_like(w), force, Report(0, 0.0, 0), action)


@lru_cache
def _index(places: tuple[int, ...], device: torch.device) -> Tensor:
    """Return places as a tensor, which a GPU is given once and not at every step."""
    with torch.inference_mode(False):  # what is kept must serve gradients too
        return torch.tensor(places, dtype=torch.int64, device=device)  # none are places, too


def _chosen(muscles: Muscles, places: list[int], index: Tensor) -> Muscles:
    """Return some of the muscles."""
    parts: dict[str, Any] = {
        name: part[..., index, :] for name, part in muscles._asdict().items() if name != "curves"
    }
    return muscles._replace(curves=muscles.curves.of_muscles(places), **parts)
