"""The spectrum of one EMG channel as it is now, by which hum, noise and a loose electrode show."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, ValidationError

from pipeline.emg.spectrum import BAND_HZ, RESOLUTION_HZ, spectrum, welch
from pipeline.errors import UserError

LEAST_S = 0.25
"""Shortest stretch without a gap that is looked at: five periods of the lowest frequency."""


class _Samples(BaseModel):
    """Raw EMG as the daemon hands it out."""

    channel: str
    rate_hz: Annotated[float, Field(gt=100.0, le=1e5, allow_inf_nan=False)]
    x: Annotated[list[float | None], Field(max_length=65_536)]


def channel_spectrum(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the power density of a channel in the band of surface EMG.

    Parameters
    ----------
    data
        From the daemon's reply to ``samples``: ``channel``, ``rate_hz`` and ``x`` in V.

    Returns
    -------
    dict
        ``channel``, ``hz``, ``density`` in V^2/Hz, ``median_hz`` (None where the channel is flat)
        and ``seconds`` that it is taken of.

    Raises
    ------
    UserError
        If that is no EMG, or too little of it without a gap.
    """
    samples = _samples(data)
    x = _since_last_gap(np.array(samples.x, dtype=np.float64))
    seconds = len(x) / samples.rate_hz
    if seconds < LEAST_S:
        raise UserError(
            f"'{samples.channel}' has {seconds:.2f} s without a gap, and a spectrum needs "
            f"{LEAST_S:g} s; wait, or see whether its stream loses samples."
        )
    size = min(len(x), round(samples.rate_hz / RESOLUTION_HZ))
    hz, density = welch(x[:, None], samples.rate_hz, size)
    used = (hz >= BAND_HZ[0]) & (hz <= BAND_HZ[1])
    median_hz = float(spectrum(x[:, None], samples.rate_hz)[1][0])
    return {
        "channel": samples.channel,
        "hz": hz[used].tolist(),
        "density": density[used, 0].tolist(),
        "median_hz": None if math.isnan(median_hz) else median_hz,
        "seconds": seconds,
    }


def _samples(data: Mapping[str, Any]) -> _Samples:
    try:
        return _Samples.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UserError(
            f"What the daemon sent is no raw EMG that has a spectrum, {place}: {first['msg']}."
        ) from error


def _since_last_gap(x: NDArray[np.float64]) -> NDArray[np.float64]:
    (gaps,) = np.nonzero(~np.isfinite(x))
    return x[gaps[-1] + 1 :] if len(gaps) else x
