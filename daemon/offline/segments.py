"""Stretches of a recording: cycles, seconds or frames, and the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.streams.recordings.given import Parts, Source

Array = NDArray[np.float64]
Passage = tuple[float, float]
"""First time that belongs to it and first that does not, s."""

Kind = Literal["cycles", "seconds", "frames"]

SETTLED_S = 5.0
"""Start of a recording that is never scored, s."""
STANCE_SETTLED_S = 2.0
"""The same where stances alone are scored, s."""


@dataclass(frozen=True)
class Cycles:
    """Gait cycles of a recording.

    Parameters
    ----------
    whole
        From each heel strike to the next.
    stances
        From each heel strike to toe-off; empty where the recording does not say.
    usable, usable_stances
        Which of them have a sound reference.
    """

    whole: list[Passage]
    stances: list[Passage]
    usable: list[bool]
    usable_stances: list[bool]


def parse_ranges(kind: Kind, texts: Sequence[str]) -> list[Passage]:
    """Read ``"A:B,C:D"``, given once or several times, as pairs of rising numbers.

    Raises
    ------
    UserError
        If it is not that.
    """
    found = []
    for part in ",".join(texts).split(","):
        try:
            start, stop = (float(number) for number in part.split(":"))
        except ValueError:
            start = stop = np.nan
        if not 0 <= start < stop < np.inf:
            raise UserError(
                f"--{kind} takes ranges such as 10:20 or 10:20,30:40, each rising from zero or "
                f"more; got '{part}'."
            )
        found.append((start, stop))
    return found


def read_cycles(path: Source, t: Array) -> Cycles | None:
    """Read the gait cycles that an ``.npz`` recording is annotated with, None without any.

    Parameters
    ----------
    t
        Times of the reference's samples, s, which the annotations count.

    Notes
    -----
    Keys: ``cycle_starts`` [N + 1] and ``cycle_toe_off`` [N] are frames; ``cycle_ok`` and
    ``cycle_stance_ok`` [N] say which cycles and stances are usable.

    Raises
    ------
    UserError
        If the annotations do not fit the recording.
    """
    if isinstance(path, Parts) or Path(path).suffix.lower() != ".npz":
        return None
    with np.load(path, allow_pickle=False) as archive:
        keys = {key: archive[key] for key in archive.files if key.startswith("cycle_")}
    if "cycle_starts" not in keys:
        return None
    starts = keys["cycle_starts"]
    toe_off = keys.get("cycle_toe_off", starts[:0])
    if max(starts.max(), toe_off.max(initial=0)) >= len(t) or starts.min() < 0:
        raise UserError(f"'{path}' has cycles beyond its {len(t)} frames of moments.")
    count = len(starts) - 1
    every = np.ones(count, dtype=bool)
    return Cycles(
        [(float(t[a]), float(t[b])) for a, b in pairwise(starts)],
        [(float(t[a]), float(t[b])) for a, b in zip(starts[:-1], toe_off, strict=False)],
        keys.get("cycle_ok", every).astype(bool).tolist(),
        keys.get("cycle_stance_ok", every).astype(bool).tolist(),
    )


def passages(
    kind: Kind, ranges: Sequence[Passage], path: Source, t: Array, cycles: Cycles | None
) -> list[Passage]:
    """Return the stretches of time that ranges of cycles, seconds or frames mean.

    A range of cycles is a passage for every cycle in it, since each makes a trial.

    Raises
    ------
    UserError
        If the recording does not have them.
    """
    if kind == "seconds":
        return _seconds(ranges, path, t)
    if kind == "frames":
        return _frames(ranges, path, t)
    if cycles is None:
        raise UserError(
            f"'{path}' has no gait cycles (key cycle_starts of an .npz); choose by --seconds or "
            "--frames."
        )
    found = []
    for start, stop in ranges:
        if stop > len(cycles.whole) or start % 1 or stop % 1:
            raise UserError(
                f"--cycles {start:g}:{stop:g} does not exist in '{path}', which has the cycles "
                f"0:{len(cycles.whole)}."
            )
        found += cycles.whole[int(start) : int(stop)]
    return found


def _seconds(ranges: Sequence[Passage], path: Source, t: Array) -> list[Passage]:
    for start, stop in ranges:
        if start >= t[-1] or stop <= t[0]:
            raise UserError(
                f"--seconds {start:g}:{stop:g} does not exist in '{path}', whose reference goes "
                f"from {t[0]:g} to {t[-1]:g} s."
            )
    return list(ranges)


def _frames(ranges: Sequence[Passage], path: Source, t: Array) -> list[Passage]:
    ends = np.append(t, 2 * t[-1] - t[-2])
    for start, stop in ranges:
        if stop > len(t) or start % 1 or stop % 1:
            raise UserError(
                f"--frames {start:g}:{stop:g} does not exist in '{path}', whose reference has the "
                f"frames 0:{len(t)}."
            )
    return [(float(ends[int(start)]), float(ends[int(stop)])) for start, stop in ranges]


def scored(
    cycles: Cycles | None, t: Array, used: Sequence[Passage], stance: bool, path: Source
) -> list[Passage]:
    """Return what may be scored: usable cycles, or all there is, after the start, not in use.

    Parameters
    ----------
    t
        Times of the reference's samples, s.
    used
        What the calibration has seen.
    stance
        Whether only stances are scored.

    Raises
    ------
    UserError
        If stances are asked for and the recording has none.
    """
    if stance:
        if cycles is None or not cycles.stances:
            raise UserError(
                f"--stance: '{path}' does not say where stances end (key cycle_toe_off of an .npz)."
            )
        found, usable, settled = cycles.stances, cycles.usable_stances, STANCE_SETTLED_S
    elif cycles is not None:
        found, usable, settled = cycles.whole, cycles.usable, SETTLED_S
    else:
        return _without([(float(t[0]) + SETTLED_S, np.inf)], used)
    chosen = [part for part, good in zip(found, usable, strict=True) if good]
    return [
        (start, stop)
        for start, stop in chosen
        if start >= t[0] + settled and not any(start < b and a < stop for a, b in used)
    ]


def _without(found: list[Passage], used: Sequence[Passage]) -> list[Passage]:
    """Return the passages less those in use."""
    for a, b in used:
        pieces = [
            piece
            for start, stop in found
            for piece in ((start, min(stop, a)), (max(start, b), stop))
        ]
        found = [(start, stop) for start, stop in pieces if start < stop]
    return found
