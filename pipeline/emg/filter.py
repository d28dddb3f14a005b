"""Raw EMG to its linear envelope: causal filters whose state is carried from chunk to chunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt, sosfilt_zi

from pipeline.streams.base import Array

_RESTART = -1
_SETTLING_DELAYS = 4.0  # a Butterworth's step response is within 1 % after 4 of its group delays


@dataclass(frozen=True)
class FilterState:
    """Everything the filter remembers between two samples.

    Parameters
    ----------
    band, lowpass
        Delays of the two filters, shape [section, 2, channel].
    sample
        Newest raw sample, shape [channel], V; a short gap is bridged from it.
    due
        Time at which the next sample is due by counting samples, s; minus infinity before the
        first one.
    age
        Samples filtered since the last restart.
    """

    band: Array
    lowpass: Array
    sample: Array
    due: float
    age: int


class EmgFilter:
    """Band-pass, rectify, low-pass: Butterworth filters, second-order sections, one direction.

    The output does not depend on how the samples are cut into chunks. A gap in the time stamps is
    bridged if it is short: interpolated samples go through the filters, so that these keep their
    time scale, but none comes out. After a longer gap the filters start afresh: the band-pass as
    if the first sample had been there for ever, so that an electrode's offset causes no burst,
    the low-pass from rest, so that nothing of the old envelope is served as new.

    Missing samples are counted from when the next one is due rather than from the last stamp, so
    stamps that come in bunches or jitter by less than the longest gap do not look like losses.

    Parameters
    ----------
    rate_hz
        Nominal sampling rate, Hz.
    n_channels
        Number of EMG channels.
    band_hz
        Pass band, Hz.
    band_order
        Order of the band-pass's low-pass prototype (the band-pass has twice as many poles).
    lowpass_hz
        Cut-off of the low-pass, Hz.
    lowpass_order
        Order of the low-pass.
    max_gap_s
        Longest time between two samples that is bridged, s.
    """

    def __init__(
        self,
        rate_hz: float,
        n_channels: int,
        *,
        band_hz: tuple[float, float],
        band_order: int,
        lowpass_hz: float,
        lowpass_order: int,
        max_gap_s: float,
    ) -> None:
        self._period_s = 1.0 / rate_hz
        self._max_gap_s = max_gap_s
        self._longest_s = max(max_gap_s - self._period_s, 0.5 * self._period_s) + 1e-9
        band: Array = butter(band_order, band_hz, "bandpass", fs=rate_hz, output="sos")
        lowpass: Array = butter(lowpass_order, lowpass_hz, fs=rate_hz, output="sos")
        self._band, self._lowpass = _Sections(band), _Sections(lowpass)
        self._band_at_rest: Array = sosfilt_zi(band)[:, :, None]
        self.group_delay_s = self._period_s * (
            _energy_delay(band, round(rate_hz)) + _delay_at_zero(lowpass)
        )
        self._settling = round(_SETTLING_DELAYS * self.group_delay_s * rate_hz)
        self.state = self._fresh(np.zeros(n_channels), -np.inf)

    def process(self, t: Array, x: Array) -> tuple[Array, NDArray[np.bool_]]:
        """Filter the next samples.

        Parameters
        ----------
        t
            Time stamps, shape [n], s.
        x
            Raw EMG, shape [n, channel], V.

        Returns
        -------
        envelope
            Shape [n, channel], V.
        settled
            Shape [n], bool: whether the start of the filters has died away.
        """
        due, missing = self._count_missing(t)
        restarts = {i for i, count in enumerate(missing) if count == _RESTART}
        envelope = np.empty(x.shape)
        settled = np.empty(len(x), dtype=bool)
        for start, stop in pairwise(sorted({0, len(x)} | restarts)):
            if start in restarts:
                self.state = self._fresh(x[start], due)
                missing[start] = 0
            run = slice(start, stop)
            settled[run] = self.state.age + np.arange(stop - start) >= self._settling
            envelope[run] = self._filter(x[run], missing[run], due)
        return envelope, settled

    def _fresh(self, sample: Array, due: float) -> FilterState:
        """Return the state of filters that have seen `sample`, a constant, for ever."""
        lowpass = np.zeros((self._lowpass.count, 2, len(sample)))
        return FilterState(self._band_at_rest * sample, lowpass, sample, due, 0)

    def _count_missing(self, t: Array) -> tuple[float, list[int]]:
        """Return when the next sample is due, and how many are missing before each of these."""
        due, period_s = self.state.due, self._period_s
        missing = []
        for stamp in t.tolist():
            late_s = stamp - due
            if late_s > self._longest_s:
                missing.append(_RESTART)
                due = stamp
            else:
                missing.append(round(late_s / period_s) if late_s > 0.5 * period_s else 0)
            due = min(max(due, stamp), stamp + self._max_gap_s) + period_s
        return due, missing

    def _filter(self, x: Array, missing: Sequence[int], due: float) -> Array:
        """Run samples without a restart among them through the filters; advance the state."""
        state = self.state
        filled, real = _bridge(state.sample, x, missing) if any(missing) else (x, slice(None))
        emg, band = self._band.run(filled, state.band)
        envelope, lowpass = self._lowpass.run(np.abs(emg), state.lowpass)
        self.state = FilterState(band, lowpass, x[-1].copy(), due, state.age + len(x))
        result: Array = envelope[real]
        return result


class _Sections:
    """Second-order sections one after the other; a few samples of all channels are one product.

    What comes out of a linear filter, and its state afterwards, are sums of what went in and its
    state before. For a block of a few samples that is a small matrix, and a product with it takes
    a tenth of what it takes to call a filter.
    """

    _MOST = 32
    """Samples of a block that is a product."""

    def __init__(self, sos: Array) -> None:
        self._sos = sos
        self.count = len(sos)
        self._products: dict[int, Array] = {}

    def run(self, x: Array, state: Array) -> tuple[Array, Array]:
        """Return the output, shape [n, channel], and the next state, [section, 2, channel]."""
        if len(x) > self._MOST:
            y, after = sosfilt(self._sos, x, axis=0, zi=state)
            return y, after
        product = self._products.get(len(x))
        if product is None:
            product = self._products[len(x)] = self._product(len(x))
        result = product @ np.concatenate((state.reshape(-1, x.shape[1]), x))
        return result[: len(x)], result[len(x) :].reshape(state.shape)

    def _product(self, samples: int) -> Array:
        """Return what turns state and samples into output and state: what becomes of each one."""
        delays = 2 * self.count
        one = np.eye(delays + samples)
        y, after = sosfilt(
            self._sos, one[delays:], axis=0, zi=one[:delays].reshape(self.count, 2, len(one))
        )
        return np.concatenate((y, after.reshape(delays, len(one))))


def _bridge(last: Array, x: Array, missing: Sequence[int]) -> tuple[Array, NDArray[np.intp]]:
    """Fill gaps with straight lines.

    Parameters
    ----------
    last
        The sample before `x`, shape [channel].
    x
        Samples, shape [n, channel].
    missing
        For each sample how many are missing before it.

    Returns
    -------
    filled
        The samples with the missing ones in their places, shape [n + missing, channel].
    real
        Indices of `x` in `filled`, shape [n].
    """
    known = np.vstack((last, x))
    at = np.concatenate(([0], np.cumsum(np.add(missing, 1))))
    wanted = np.arange(1, at[-1] + 1)
    after = np.searchsorted(at, wanted)
    before = after - 1
    weight = (wanted - at[before]) / (at[after] - at[before])
    filled = known[before] + weight[:, None] * (known[after] - known[before])
    filled[at[1:] - 1] = x
    return filled, at[1:] - 1


def _delay_at_zero(sos: Array) -> float:
    """Return a low-pass's group delay at frequency zero, in samples.

    For b(z) / a(z) it is the mean of k weighted by b_k less the mean of k weighted by a_k; the
    delays of the sections add up.
    """
    b, a = sos[:, :3], sos[:, 3:]
    k = np.arange(3)
    return float(np.sum(b @ k / b.sum(axis=1) - a @ k / a.sum(axis=1)))


def _energy_delay(sos: Array, n: int) -> float:
    """Return by how many samples a filter delays the power of white noise.

    Noise of variance s(t) leaves a filter h with variance sum_k h_k^2 s(t - k), so the delay is
    the mean of k weighted by h_k^2, here over the first `n` samples of h.
    """
    impulse = np.zeros(n)
    impulse[0] = 1.0
    energy = sosfilt(sos, impulse) ** 2
    return float(energy @ np.arange(n) / energy.sum())
