"""The watch over reference moments: what cannot be is not learnt from, and is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipeline.live import Paired
from pipeline.streams.plausible import RangeWatch

BEYOND = 10.0
"""Largest moments that a reference may be: the ankle of a runner exceeds what may be published, and
a reference in N*mm exceeds it a thousandfold."""
RETURN_S = 2.0
"""Time within the limit after which a reference is learnt from again, s: longer than a stride's
swing, in which a moment of any unit is small."""


class ReferenceWatch:
    """Takes references far beyond the largest moment out of paired rows.

    Parameters
    ----------
    dofs
        Names of the joints.
    max_moment_nm
        Largest magnitude of any moment of the set-up, N*m.
    """

    def __init__(self, dofs: Sequence[str], max_moment_nm: float) -> None:
        self._max_moment_nm = max_moment_nm
        limit = np.full(len(dofs), BEYOND * max_moment_nm)
        self._watch = RangeWatch(dofs, -limit, limit, RETURN_S)

    def process(self, paired: Paired) -> Paired:
        """Return the rows, without a reference where it cannot be."""
        rows = paired.rows
        keep = self._watch.usable(rows.t, rows.moment)
        if keep.all():
            return paired
        known = np.where(keep[:, None], rows.moment, np.nan)
        return replace(paired, rows=rows._replace(moment=known))

    @property
    def sentence(self) -> str:
        """What is wrong with the reference; empty where nothing is."""
        found = self._watch.fault
        if found is None:
            return ""
        return (
            f"The reference of {found.channel} is {found.value:.3g} N*m, far more than "
            f"output.max_moment_nm ({self._max_moment_nm:g}): is it in N*mm? Correct "
            "streams.moments.unit or the sender; it is not learnt from."
        )
