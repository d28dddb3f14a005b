"""Whether a reference has the opposite sign of what the muscles can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.calibrate.loss import Trials
from pipeline.shapes import Float


@dataclass(frozen=True)
class Look:
    """A look at the newest data."""

    seen_s: float
    """How far it goes back, s."""
    opposite: float
    """Correlation of prediction and reference below which the signs differ."""


LOOKS = (Look(3.0, -0.8), Look(6.0, -0.6))
"""Even a stranger's muscles pull to the side on which they lie, so poor parameters cost amplitude
and timing, not sign. The short look sees a sign that turns before an update has trained on it; as
it holds but little movement it takes more to convince."""
LEAST_NM = 2.0
"""Spread of a reference, N*m, below which nothing is said of it."""
LEAST_SHARE = 0.05
"""Spread of the prediction, as a share of the reference's, below which nothing is said."""


class SignWatch:
    """Finds the joints whose newest reference is opposite to what is predicted.

    Parameters
    ----------
    rate_hz
        Rate of the time grid, Hz.
    least_s
        Data with reference from which on a joint is judged, s.
    joints
        Names of the joints, for sentences; numbers from 1 where None.
    """

    def __init__(self, rate_hz: float, least_s: float, joints: Sequence[str] | None) -> None:
        self._rate_hz = rate_hz
        self._least_s = least_s
        self._joints = joints
        self.turned = False
        """Whether the last look found the sign of a joint turned."""

    @property
    def rows(self) -> int:
        """How many of the newest rows it looks at."""
        return round(max(look.seen_s for look in LOOKS) * self._rate_hz)

    def look(self, predicted: Float[Tensor, "trial dof time"], trials: Trials) -> tuple[str, ...]:
        """Look at the newest data; return the names of the joints of opposite sign.

        Parameters
        ----------
        predicted
            Moments of the newest `rows`, or of all where there are fewer, N*m.
        trials
            These rows, with the reference.
        """
        found: set[int] = set()
        for look in LOOKS:
            least = round(min(self._least_s, look.seen_s) * self._rate_hz)
            newest = slice(-round(look.seen_s * self._rate_hz), None)
            moment, weight = trials.moment[..., newest], trials.weight[..., newest]
            found |= set(opposite(predicted[..., newest], moment, weight, least, look.opposite))
        self.turned = bool(found)
        return tuple(self._joints[i] if self._joints else str(i + 1) for i in sorted(found))


def opposite(
    predicted: Float[Tensor, "trial dof time"],
    reference: Float[Tensor, "trial dof time"],
    weight: Float[Tensor, "trial dof time"],
    least: int,
    below: float,
) -> tuple[int, ...]:
    """Return the places of the joints whose reference has the opposite sign.

    Parameters
    ----------
    predicted, reference
        Moments, N*m.
    weight
        What of the reference counts.
    least
        Samples with reference from which on a joint is judged.
    below
        Correlation of prediction and reference below which the signs differ.
    """
    count = weight.sum((0, -1))
    x, y = (_centred(values, weight, count) for values in (predicted, reference))
    spread_x, spread_y = ((part.square().sum((0, -1)) / count).sqrt() for part in (x, y))
    correlation = (x * y).sum((0, -1)) / (count * spread_x * spread_y)
    found = (correlation < below) & (count >= least)
    found &= (spread_y > LEAST_NM) & (spread_x > LEAST_SHARE * spread_y)
    return tuple(int(place) for place in torch.nonzero(found)[:, 0])


def _centred(values: Tensor, weight: Tensor, count: Tensor) -> Tensor:
    mean = (values * weight).sum((0, -1)) / count
    return (values - mean[:, None]) * weight


def told(joints: tuple[str, ...]) -> str:
    """Return what is wrong, in a sentence."""
    verb, them = ("have", "them") if len(joints) > 1 else ("has", "it")
    return (
        f"The reference of {' and '.join(joints)} {verb} the opposite sign of what the muscles do: "
        f"give {them} factor = -1 in [streams.moments.from], or correct the sender; nothing is "
        "learnt meanwhile."
    )
