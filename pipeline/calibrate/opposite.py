"""Whether a reference has the opposite sign of what the muscles can do."""

from __future__ import annotations

import torch
from torch import Tensor

from pipeline.calibrate.loss import Trials
from pipeline.shapes import Float

SEEN_S = 6.0
"""Newest data that is looked at, s."""
OPPOSITE = -0.6
"""Correlation of prediction and reference below which the signs differ. Even a stranger's muscles
pull to the side on which they lie, so poor parameters cost amplitude and timing, not sign."""
LEAST_NM = 2.0
"""Spread of a reference, N*m, below which nothing is said of it."""
LEAST_SHARE = 0.05
"""Spread of the prediction, as a share of the reference's, below which nothing is said."""


def opposite(
    predicted: Float[Tensor, "trial dof time"], trials: Trials, least: int
) -> tuple[int, ...]:
    """Return the places of the joints whose reference has the opposite sign.

    Parameters
    ----------
    predicted
        Moments, N*m.
    trials
        With the reference.
    least
        Samples with reference from which on a joint is judged.
    """
    weight = trials.weight
    count = weight.sum((0, -1))
    x, y = (_centred(values, weight, count) for values in (predicted, trials.moment))
    spread_x, spread_y = ((part.square().sum((0, -1)) / count).sqrt() for part in (x, y))
    correlation = (x * y).sum((0, -1)) / (count * spread_x * spread_y)
    found = (correlation < OPPOSITE) & (count >= least)
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
