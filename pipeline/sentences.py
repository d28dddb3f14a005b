"""Pieces of the sentences that a lab user reads."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches


def listed(names: Sequence[str], most: int) -> str:
    """Return the first of some names, and how many more there are: ``a, b and 3 more``."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def did_you_mean(name: str, names: Sequence[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the closest of `names`, or nothing."""
    folded = {other.casefold(): other for other in names}
    close = get_close_matches(name.casefold(), folded, n=1)
    return f" (did you mean '{folded[close[0]]}'?)" if close else ""
