"""What a guided recording has found: MVC and resting level of each channel, and what is odd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from daemon.guidance.guide import Take
from daemon.guidance.steps import Kind, Step
from pipeline.emg.levels import HIGHEST_REST, Levels
from pipeline.streams.base import Array

LOUD_REST = 0.2
"""Rest above this fraction of the contraction is noise, or nobody was at rest."""
_STILL = 1e-3  # an envelope that moves by less, relative to its height, is no EMG
_SHORT = 0.8  # a take with less of its time is told
_LOUDER = 1.05  # contractions of one muscle differ by this much anyway


@dataclass(frozen=True)
class Findings:
    """What was found; levels in the unit of the envelope (V; 1 for ready envelopes).

    Parameters
    ----------
    mvc
        Of each recorded channel that was clearly activated.
    rest
        Mean envelope at rest of every channel; empty where rest was not recorded.
    warnings
        A sentence each.
    contractions
        The highest level held in each contraction, in order, by channel.
    """

    mvc: dict[str, float]
    rest: dict[str, float]
    warnings: list[str]
    contractions: dict[str, list[float]]

    def baseline(self, mvc: Mapping[str, float]) -> tuple[dict[str, float], list[str]]:
        """Return the resting level as a fraction of MVC, and the channels that were not at rest."""
        known = {name: level / mvc[name] for name, level in self.rest.items() if name in mvc}
        level = {name: part for name, part in known.items() if part <= HIGHEST_REST}
        return level, [name for name in known if name not in level]


def findings(
    channels: Sequence[str], takes: Sequence[Take], missed: Sequence[Step] = ()
) -> Findings:
    """Return what the takes tell.

    A channel's MVC is the highest level it held in any contraction, its own or another's: no
    muscle can do more than its maximum, so a higher level elsewhere is the better maximum, or
    not the muscle's, which a warning leaves to the person.
    """
    efforts = [take for take in takes if take.step.kind is Kind.EFFORT]
    at_rest = [take.levels for take in takes if take.step.kind is Kind.REST]
    rest = at_rest[-1].mean if at_rest else np.zeros(len(channels))
    if not efforts:
        return Findings(
            {}, _named(channels, rest) if at_rest else {}, list(_short(takes, missed)), {}
        )
    whole = Levels(
        sum(take.levels.seconds for take in efforts),
        np.max([take.levels.highest for take in efforts], axis=0),
        np.min([take.levels.lowest for take in (*efforts, *takes)], axis=0),
        np.mean([take.levels.mean for take in efforts], axis=0),
    )
    contractions: dict[str, list[float]] = {}
    for take in efforts:
        i = channels.index(str(take.step.channel))
        contractions.setdefault(channels[i], []).append(float(take.levels.highest[i]))
    flat = whole.highest - whole.lowest <= _STILL * whole.highest
    active = whole.contracted(rest) & ~flat
    own = {name: max(levels) for name, levels in contractions.items()}
    mvc = {n: float(v) for n, v, a in zip(channels, whole.highest, active, strict=True) if a}
    warnings = [
        *_short(takes, missed),
        *_weak(own, dict(zip(channels, flat.tolist(), strict=True)), mvc),
        *_noisy(own, mvc, _named(channels, rest)),
        *_louder(channels, efforts, own, mvc),
    ]
    return Findings(
        {name: value for name, value in mvc.items() if name in own},
        _named(channels, rest) if at_rest else {},
        warnings,
        contractions,
    )


def _named(channels: Sequence[str], levels: Array) -> dict[str, float]:
    return dict(zip(channels, levels.tolist(), strict=True))


def _short(takes: Sequence[Take], missed: Sequence[Step]) -> Iterator[str]:
    for take in takes:
        if take.levels.seconds < _SHORT * take.step.seconds:
            yield (
                f"{_name(take.step)} has only {take.levels.seconds:.1f} s of EMG of "
                f"{take.step.seconds:g} s: samples are missing, see 'hillstream streams'."
            )
    for step in missed:
        yield f"{_name(step)} has too little EMG for a level; it does not count."


def _name(step: Step) -> str:
    return f"Contraction {step.repeat} of {step.channel}" if step.channel else "The rest"


def _weak(
    own: Mapping[str, float], flat: Mapping[str, bool], mvc: Mapping[str, float]
) -> Iterator[str]:
    for name in own:
        if flat[name]:
            yield f"{name} is flat: is its electrode on and plugged in? It keeps its old MVC."
        elif name not in mvc:
            yield (
                f"{name} was not clearly activated, below twice its rest; check electrode and "
                "effort. It keeps its old MVC."
            )


def _noisy(
    own: Mapping[str, float], mvc: Mapping[str, float], rest: Mapping[str, float]
) -> Iterator[str]:
    for name in own:
        if name in mvc and rest[name] > LOUD_REST * mvc[name]:
            yield (
                f"{name} is loud at rest, {rest[name] / mvc[name]:.0%} of its maximum: was the "
                "muscle slack? If it was, clean the skin, fix cables, look for mains hum."
            )


def _louder(
    channels: Sequence[str],
    efforts: Sequence[Take],
    own: Mapping[str, float],
    mvc: Mapping[str, float],
) -> Iterator[str]:
    """Tell of channels that were higher in another's contraction than in their own."""
    for name, best in own.items():
        if name not in mvc:
            continue
        i = channels.index(name)
        others = [t for t in efforts if t.step.channel != name]
        top = max(others, key=lambda take: float(take.levels.highest[i]), default=None)
        if top is not None and top.levels.highest[i] > _LOUDER * best:
            yield (
                f"{name} was louder while {top.step.channel} contracted ({mvc[name] / best:.0%} of "
                "its own best), and its MVC is taken from there: if electrodes or labels are "
                "swapped, or its cable moved, mend that and record again."
            )
