"""What is odd about the muscles of a model file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from daemon.modelling.anatomy import OPPOSITE, promised
from daemon.modelling.fibres import FIBRE_RANGE, normalised_fibre_length
from daemon.modelling.fit_paths import Limits
from daemon.modelling.samples import Array, spread
from pipeline.geometry import Coordinate, Geometry, ModelFile, Muscle

POSTURES = 4000
"""Quasi-random postures over the ranges that are looked at."""
NOTICED_M = 1e-3
"""A moment arm of the wrong sign below this is none, m."""
LEAST_SHARE = 0.002
"""Share of the postures at which something has to be odd, so that a corner does not count."""
SWEEP = 181
"""Angles of a range at which a change of sign is sought."""


@dataclass(frozen=True)
class Finding:
    """One thing about one muscle.

    `kind` is "opposite" (moves a joint the way its name does not promise), "sign" (its moment arm
    changes its sign inside the range), "fit" (misses a limit) or "fibre" (fibres too short or too
    long). `low` and `high` are the moment arms in m, or the fibre lengths in optimal lengths,
    between which the postures lie; `share` of the postures are odd. Of a fit, `low` and `high` are
    the RMS errors of length and worst moment arm, m.
    """

    muscle: str
    kind: str
    coordinate: str | None
    low: float
    high: float
    share: float
    at_rad: float | None
    """Angle at which the sign changes, the other joints in the middle of their ranges, rad."""
    sentence: str

    def plain(self) -> dict[str, object]:
        """Return the finding as data."""
        return asdict(self)


def review(model: ModelFile, limits: Limits | None = None) -> list[Finding]:
    """Return what is odd about a model's muscles, by muscle, as `Finding` describes."""
    names = model.coordinate_names
    geometry = Geometry(model, names, names)
    middle = np.array([coordinate.middle_rad for coordinate in model.coordinates])
    half = np.array([coordinate.half_range_rad for coordinate in model.coordinates])
    length, arms = geometry.evaluate(middle + half * spread(len(names), POSTURES, seed=4))
    sweeps = {}
    for place, coordinate in enumerate(model.coordinates):
        q = np.tile(middle, (SWEEP, 1))
        q[:, place] = np.linspace(*coordinate.range_rad, SWEEP)
        sweeps[coordinate.name] = q[:, place], geometry.evaluate(q)[1][:, place]
    found: list[Finding] = []
    for index, muscle in enumerate(model.muscles):
        for place, coordinate in enumerate(model.coordinates):
            angles, swept = sweeps[coordinate.name]
            found += _arm(muscle, coordinate, arms[:, place, index], angles, swept[:, index])
        found += _fit(muscle, limits or Limits())
        found += _fibre(muscle, length[:, index])
    return found


def _arm(
    muscle: Muscle, coordinate: Coordinate, arm: Array, angles: Array, swept: Array
) -> Iterator[Finding]:
    low, high = float(arm.min()), float(arm.max())
    at_rad = _crossing(angles, swept)
    where = "" if at_rad is None else f" (zero at {math.degrees(at_rad):.0f} deg)"
    span = f"between {1e3 * low:.1f} and {1e3 * high:.1f} mm{where}"
    movement = promised(muscle.name, coordinate.name)
    if movement is not None and coordinate.positive in (movement, OPPOSITE[movement]):
        sign = 1 if coordinate.positive == movement else -1
        share = float((sign * arm < -NOTICED_M).mean())
        if share > LEAST_SHARE:
            yield Finding(
                muscle.name, "opposite", coordinate.name, low, high, share, at_rad,
                f"'{muscle.name}' should give {movement} by its name, but gives "
                f"{OPPOSITE[movement]} at {_percent(share)} of the postures: its moment arm about "
                f"'{coordinate.name}' (positive is {coordinate.positive}) is {span}.",
            )  # fmt: skip
            return
    if low < -NOTICED_M and high > NOTICED_M:
        share = float(min((arm < -NOTICED_M).mean(), (arm > NOTICED_M).mean()))
        yield Finding(
            muscle.name, "sign", coordinate.name, low, high, share, at_rad,
            f"The moment arm of '{muscle.name}' about '{coordinate.name}' changes its sign, "
            f"{span}.",
        )  # fmt: skip


def _crossing(angles: Array, swept: Array) -> float | None:
    """Return the first angle at which a moment arm is zero."""
    places = np.flatnonzero((swept[:-1] > 0) != (swept[1:] > 0))
    if not len(places):
        return None
    i = int(places[0])
    return float(np.interp(0.0, *_rising(swept[i : i + 2], angles[i : i + 2])))


def _rising(x: Array, y: Array) -> tuple[Array, Array]:
    return (x, y) if x[0] < x[1] else (x[::-1], y[::-1])


def _fit(muscle: Muscle, limits: Limits) -> Iterator[Finding]:
    path = muscle.path
    if not limits.met(path):
        arm = max(path.moment_arm_rms_m.values(), default=0.0)
        yield Finding(
            muscle.name, "fit", None, path.length_rms_m, arm, 1.0, None,
            f"The fit of '{muscle.name}' is off by {1e3 * path.length_rms_m:.2g} mm in length and "
            f"{1e3 * arm:.2g} mm in moment arm (RMS), more than {1e3 * limits.length_rms_m:g} and "
            f"{1e3 * limits.moment_arm_rms_m:g} mm.",
        )  # fmt: skip


def _fibre(muscle: Muscle, length: Array) -> Iterator[Finding]:
    fibre = normalised_fibre_length(muscle, length)
    low, high = float(fibre.min()), float(fibre.max())
    share = float(((fibre < FIBRE_RANGE[0]) | (fibre > FIBRE_RANGE[1])).mean())
    if share > LEAST_SHARE:
        yield Finding(
            muscle.name, "fibre", None, low, high, share, None,
            f"The fibres of '{muscle.name}' are {low:.2f} to {high:.2f} optimal lengths long with "
            f"the tendon at slack, outside {FIBRE_RANGE[0]:g} to {FIBRE_RANGE[1]:g} at "
            f"{_percent(share)} of the postures.",
        )  # fmt: skip


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
