"""Whether the reference of each joint can be trusted.

It is compared with what the muscles can do, as the calibrator does before it learns: moments of the
opposite sign, spikes and slow drifts are the sensor's and not the person's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from daemon.report.material import Material, Moments
from daemon.report.quality.standing import Finding, Standing, graded, troubles, worst
from daemon.report.words import percent
from pipeline.metrics import known, r2, rmse

Array = NDArray[np.float64]

MISSING_SHARE = (0.05, 0.5)
"""Time without reference above which a joint is doubtful, and bad; likewise the others."""
TURNED_SHARE = (0.05, 0.3)
SPIKE_SHARE = (0.001, 0.01)
DRIFT_SHARE = (0.05, 0.2)
"""Of the reference's range, over the session."""
UNEXPLAINED = (0.5, 1.0)
"""Mean squared error over the reference's variance: at 1 its mean would be the better prediction.
The lower is what earns trust (`output.trust_error`)."""
SETTLED_S = 20.0
"""Start that says nothing of drift or fit: the person is still being found, s."""
LOOK_S = 6.0
OPPOSITE = -0.6
"""Correlation over `LOOK_S` below which the signs differ, as `pipeline.calibrate.opposite`."""
LEAST_NM = 2.0
"""Spread of a reference below which nothing is said of its sign, N*m."""
SPIKE = 0.5
"""A sample that stands out from both neighbours by this share of the reference's range is one."""
BLOCK_S = 5.0
"""Stretches whose mean differences a drift is seen in, s."""
LEAST_BLOCKS = 6
MINUTE_S = 60.0


@dataclass(frozen=True)
class Drift:
    """Slow change of the reference against the prediction, N*m per minute, with its interval."""

    slope: float
    low: float
    high: float

    @property
    def sure(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class JointQuality:
    """What is thought of a joint's reference; numbers are None where they are not known."""

    dof: str
    standing: Standing
    sentence: str
    present_share: float
    """Share of the time with a reference."""
    turned_share: float | None
    """Share of the time in which it went against the prediction."""
    spike_share: float | None
    """Share of the samples that stand out alone."""
    drift: Drift | None
    range_nm: float | None
    """From its 5th to its 95th percentile, N*m."""
    rmse_nm: float | None
    """Error of the prediction after `SETTLED_S`, N*m."""
    explained_share: float | None
    """Coefficient of determination of the prediction after `SETTLED_S`."""


def joint_qualities(material: Material) -> list[JointQuality]:
    """Return what is thought of each joint's reference."""
    return [joint_quality(dof, course) for dof, course in material.moments.items()]


def joint_quality(dof: str, course: Moments) -> JointQuality:
    """Return what is thought of one joint's reference."""
    there = np.isfinite(course.reference)
    present = float(there.mean()) if len(there) else 0.0
    settled = course.t >= course.t[0] + SETTLED_S if len(there) else there
    predicted, reference = course.predicted[settled], course.reference[settled]
    spread = _range(course.reference)
    turned, spikes, drift = _turned(course), _spikes(course.reference, spread), _drift(course)
    explained = known(r2(predicted, reference))
    minutes = float(course.t[-1] - course.t[0]) / MINUTE_S if len(there) else 0.0
    drifted = _drifted(drift, spread, minutes)
    found = list(_findings(present, turned, spikes, explained))
    if drift is not None and drifted is not None:
        found.append(_of_drift(drift, drifted))
    wrong = " ".join(one.sentence for one in troubles(found))
    standing = worst([one.standing for one in found])
    return JointQuality(
        dof,
        standing,
        wrong or _fine(explained),
        present,
        turned,
        spikes,
        drift,
        spread,
        known(rmse(predicted, reference)),
        explained,
    )


def _fine(explained: float | None) -> str:
    if explained is None:
        return "Nothing is wrong with it; how well it is predicted is not known yet."
    return f"Nothing is wrong with it, and {100.0 * explained:.0f} % of it is predicted."


def _findings(
    present: float, turned: float | None, spikes: float | None, explained: float | None
) -> Iterator[Finding]:
    yield Finding(
        graded(1.0 - present, *MISSING_SHARE),
        f"Missing for {percent(1.0 - present)} of the time: look at the sender of the reference.",
    )
    if turned is not None:
        yield Finding(
            graded(turned, *TURNED_SHARE),
            f"Against what the muscles do for {percent(turned)} of the time: is its sign turned? "
            "Give it factor = -1 in [streams.moments.from], or correct the sender.",
        )
    if spikes is not None:
        yield Finding(
            graded(spikes, *SPIKE_SHARE),
            f"{100.0 * spikes:.1f} % of its samples are spikes: look at the sensor and its cable.",
        )
    if explained is not None and not (turned or 0.0) > TURNED_SHARE[0]:
        yield Finding(
            graded(1.0 - explained, *UNEXPLAINED),
            f"Only {percent(max(explained, 0.0))} of it is predicted: a muscle of this joint may "
            "have no electrode, or reference and EMG do not belong together.",
        )


def _of_drift(drift: Drift, drifted: float) -> Finding:
    return Finding(
        graded(drifted, *DRIFT_SHARE),
        f"Drifts against the prediction by {drift.slope:+.2f} N·m per minute ({drift.low:+.2f} to "
        f"{drift.high:+.2f}): tare the sensor.".replace("-", "−"),
    )


def _range(reference: Array) -> float | None:
    there = reference[np.isfinite(reference)]
    return float(np.ptp(np.quantile(there, [0.05, 0.95]))) if len(there) else None


def _turned(course: Moments) -> float | None:
    """Return the share of the looks in which reference and prediction have opposite signs."""
    there = np.isfinite(course.reference) & np.isfinite(course.predicted)
    t, x, y = course.t[there], course.predicted[there], course.reference[there]
    looks = np.floor((t - t[0]) / LOOK_S) if len(t) else t
    found = [_correlation(x[looks == look], y[looks == look]) for look in np.unique(looks)]
    judged = [one for one in found if one is not None]
    return float(np.mean([one < OPPOSITE for one in judged])) if judged else None


def _correlation(x: Array, y: Array) -> float | None:
    if len(x) < 2 or y.std() < LEAST_NM or x.std() == 0.0:
        return None
    return float(np.corrcoef(x, y)[0, 1])


def _spikes(reference: Array, spread: float | None) -> float | None:
    """Return the share of samples that stand out from both neighbours, which agree."""
    there = reference[np.isfinite(reference)]
    if spread is None or len(there) < 3:
        return None
    three = sliding_window_view(there, 3)
    apart = np.abs(three[:, 1] - np.median(three, axis=1))
    return float((apart > SPIKE * max(spread, LEAST_NM)).mean())


def _drift(course: Moments) -> Drift | None:
    """Return the slope of the mean differences over `BLOCK_S` after Theil and Sen."""
    from scipy.stats import theilslopes  # who only lists sessions goes without it

    off = course.reference - course.predicted
    used = np.isfinite(off) & (course.t >= course.t[0] + SETTLED_S if len(off) else False)
    t, off = course.t[used], off[used]
    block = np.floor(t / BLOCK_S)
    numbers = np.unique(block)
    if len(numbers) < LEAST_BLOCKS:
        return None
    middle = [t[block == number].mean() / MINUTE_S for number in numbers]
    mean = [off[block == number].mean() for number in numbers]
    slope, _, low, high = theilslopes(mean, middle)
    return Drift(float(slope), float(low), float(high))


def _drifted(drift: Drift | None, spread: float | None, minutes: float) -> float | None:
    """Return how far a drift that is sure has come over the session, as a share of the range."""
    if drift is None or spread is None:
        return None
    return abs(drift.slope) * minutes / max(spread, LEAST_NM) if drift.sure else 0.0
