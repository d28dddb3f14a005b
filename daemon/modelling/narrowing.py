"""The search for the largest part of the ranges in which a fit meets its limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from daemon.modelling.samples import Array
from pipeline.geometry import MusclePath

HALVINGS = 5
"""How finely the end of a range is searched: to this power of two of it."""
LEAST_KEPT = 0.25
"""Of a range that would have to be narrowed further than this share nothing is said."""
FIRST_CUT = 0.7
"""Share of a range that the first of two cuts leaves."""
MARGIN = 0.8
"""Share of the limit that a narrower range has to meet, since it is sampled anew for its fit."""

Trial = Callable[[Array], "tuple[float, MusclePath] | None"]
"""The fit inside a box and its largest error over its limit; None with too few postures."""


Found = tuple[float, Array, MusclePath]
"""Share of a range that is kept, the box [coordinate, 2] in half ranges, and the fit inside."""


def narrowed(fit: Trial, columns: Sequence[int], box: Array) -> Found | None:
    """Return the largest part of a box that a fit meets its limits in, by one cut or by two.

    Parameters
    ----------
    fit
        Says how good a fit inside a box is.
    columns
        Coordinates whose range may be cut.
    box
        Lowest and highest angle of each coordinate, [coordinate, 2], in half ranges.
    """
    found = _search(fit, columns, box)
    part = _most_helpful(fit, columns, box) if found is None else None
    return found if part is None else _search(fit, columns, part)


def _search(fit: Trial, columns: Sequence[int], box: Array) -> Found | None:
    """Return the largest part of a box, one range cut at one end, where the limits are met."""
    found: Found | None = None
    for column in columns:
        for side in (0, 1):
            found = _widest(fit, box, column, side, found)
    return found


def _widest(fit: Trial, box: Array, column: int, side: int, found: Found | None) -> Found | None:
    """Return what keeps the largest share of the range: found before, or by this cut."""

    def trial(share: float) -> Found | None:
        part = _cut(box, column, side, share)
        fitted = fit(part)
        good = fitted is not None and fitted[0] <= MARGIN
        return (share, part, fitted[1]) if fitted is not None and good else None

    smallest, largest = LEAST_KEPT if found is None else found[0], 1.0
    better = trial(smallest + (1.0 - smallest) / 2**HALVINGS)
    if better is None:  # nothing to be gained here
        return found
    for _ in range(HALVINGS):
        share = (better[0] + largest) / 2
        wider = trial(share)
        if wider is None:
            largest = share
        else:
            better = wider
    return better


def _most_helpful(fit: Trial, columns: Sequence[int], box: Array) -> Array | None:
    """Return the box with that end of a range cut off which makes the errors smallest."""
    parts = [_cut(box, column, side, FIRST_CUT) for column in columns for side in (0, 1)]
    tried = [(fitted[0], part) for part in parts if (fitted := fit(part)) is not None]
    return min(tried, key=lambda one: one[0])[1] if tried else None


def _cut(box: Array, column: int, side: int, share: float) -> Array:
    """Return a box of which one range keeps a share, cut at its lower (0) or upper (1) end."""
    part = box.copy()
    part[column, side] = box[column, 1 - side] + share * (box[column, side] - box[column, 1 - side])
    return part
