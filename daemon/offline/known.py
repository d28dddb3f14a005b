"""How well the parameters of a calibration on recordings are known, in its result.

The standard deviations are those of the curvature, as live; docs/confidence.md says how often the
intervals that they make hold the truth.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from pipeline.calibrate.confidence import Grounds, confidence
from pipeline.calibrate.delay import Delays
from pipeline.calibrate.loss import Trials, moment_scale
from pipeline.model.identifiability import Confidence
from pipeline.model.parameters import RELATIVE, ParameterSpace
from pipeline.model.subject import Subject

WITHIN = 1.96
"""Standard deviations on either side of a value in a 95 % interval."""


def known(
    space: ParameterSpace,
    vector: Tensor,
    trials: Trials,
    rate_hz: float,
    delays: Delays,
) -> Confidence:
    """Return how well the parameters that a calibration has found are known.

    Parameters
    ----------
    vector
        What was found, as the space has it, shape [parameter].
    trials
        What it was found on, excitations as they act.
    rate_hz
        Rate of the model's time grid, Hz.
    delays
        What was known of the electromechanical delay before.
    """
    scale = moment_scale(trials)
    return confidence(Grounds(space, vector, trials, scale, 1.0 / rate_hz, delays.deviation_s))


def parameters_told(
    space: ParameterSpace, subject: Subject, vector: Tensor, sure: Confidence
) -> list[dict[str, Any]]:
    """Describe every free parameter, in SI units: value, bounds, and how well it is known."""
    at_bound, found = set(space.at_bound(vector)), []
    place = {muscle: i for i, muscle in enumerate(subject.muscles)}
    for label in space.labels:
        name, first = label.kind, place[label.owners[0]]
        value, prior = (float(getattr(one, name)[first]) for one in (subject, space.prior))
        unit = prior if name in RELATIVE else 1.0
        bounds = [bound * unit for bound in space.bounds(name) or (prior, prior)]
        deviation = float(sure.deviation[name][first])
        found.append(
            {
                "name": name,
                "muscles": list(label.owners),
                "value": value,
                "prior": prior,
                "bounds": bounds,
                "at_bound": label in at_bound,
                "deviation": deviation,
                "interval": interval(value, deviation, bounds),
                "identifiability": str(sure.identifiability[name][first]),
            }
        )
    return found


def interval(value: float, deviation: float, bounds: list[float]) -> list[float]:
    """Return the 95 % interval of a value between bounds, both of which it may touch."""
    low, high = min(bounds[0], value), max(bounds[1], value)
    return [max(low, value - WITHIN * deviation), min(high, value + WITHIN * deviation)]
