"""EMG to muscle excitation: filter, divide by MVC, take off the resting level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.emg.levels import LevelRecorder, Levels
from pipeline.emg.normalise import Normaliser
from pipeline.errors import UserError
from pipeline.streams.base import Array, Chunk

if TYPE_CHECKING:
    from pipeline.emg.filter import EmgFilter

_LARGEST = 1e6  # V or MVC; nothing an electrode gives, and far from overflow in the filters


class Envelope:
    """Turns an EMG stream into excitations, causally and independently of its chunks.

    Raw EMG is band-passed, rectified and low-passed (`EmgFilter`); ready envelopes skip that.
    Both are then divided by MVC, freed of the resting level and cut off at zero.

    Parameters
    ----------
    channels
        Channel names, in the order of the chunks' columns.
    rate_hz
        Nominal sampling rate of the stream, Hz.
    kind
        ``raw`` or ``envelope``.
    band_hz, band_order
        Pass band in Hz of the band-pass, and the order of its prototype.
    lowpass_hz, lowpass_order
        Cut-off in Hz and order of the low-pass.
    mvc
        Envelope at maximum voluntary contraction by channel, V (1 for ready envelopes); a
        channel that is not named has 1.
    baseline
        Resting level: ``none``, ``tracked`` (`BaselineTracker`), or a fraction of MVC by channel.
    max_gap_s
        Longest time between two samples that is bridged, s; after a longer one the filters
        start afresh.

    Raises
    ------
    UserError
        If `rate_hz` is too low for the filters.
    """

    def __init__(
        self,
        channels: Sequence[str],
        rate_hz: float,
        kind: Literal["raw", "envelope"],
        band_hz: tuple[float, float],
        band_order: int,
        lowpass_hz: float,
        lowpass_order: int,
        mvc: Mapping[str, float],
        baseline: Literal["none", "tracked"] | Mapping[str, float],
        max_gap_s: float,
    ) -> None:
        self._filter: EmgFilter | None = None
        if kind == "raw":
            from pipeline.emg.filter import EmgFilter  # half a second, of scipy's

            check_rate(rate_hz, band_hz, lowpass_hz)
            self._filter = EmgFilter(
                rate_hz,
                len(channels),
                band_hz=band_hz,
                band_order=band_order,
                lowpass_hz=lowpass_hz,
                lowpass_order=lowpass_order,
                max_gap_s=max_gap_s,
            )
        fixed = None
        if baseline != "tracked":
            levels = {} if isinstance(baseline, str) else baseline
            fixed = np.array([levels.get(channel, 0.0) for channel in channels])
        peaks = np.array([mvc.get(channel, 1.0) for channel in channels])
        self.scale = Normaliser(peaks, fixed, rate_hz)
        """MVC and resting level; may be changed live."""
        self._recorder: LevelRecorder | None = None
        self._rate_hz = rate_hz
        self.newest = -np.inf
        """Time of the newest sample, s."""

    @property
    def group_delay_s(self) -> float:
        """By how much the excitation lags the EMG at low frequency, s; 0 for ready envelopes.

        The low-pass's group delay at frequency zero plus the delay of noise power in the
        band-pass, both from the filters' coefficients. The second is exact for EMG that is white
        within the band; for real EMG it is right to within a millisecond or two.
        """
        return self._filter.group_delay_s if self._filter else 0.0

    @property
    def baseline(self) -> Array:
        """Resting level that is taken off now, shape [channel], fraction of MVC."""
        return self.scale.baseline

    def record(self) -> None:
        """Record the levels of the envelope, before the division by MVC, from now on."""
        self._recorder = LevelRecorder(self._rate_hz, len(self.scale.mvc))

    def recorded(self) -> Levels | None:
        """End the recording and return its levels, or None if it was too short for any."""
        recorder, self._recorder = self._recorder, None
        return recorder.levels() if recorder else None

    def process(self, chunk: Chunk, valid: NDArray[np.bool_] | None = None) -> Chunk:
        """Return the excitations of the next samples.

        Parameters
        ----------
        chunk
            Raw EMG in V or ready envelopes, shape [n, channel].
        valid
            Samples that say something of a muscle, from which a tracked resting level may be
            learnt, shape [n, channel]; all where None. They have to be finite.

        Returns
        -------
        Chunk
            Excitations as a fraction of MVC, shape [n, channel], never negative, always finite,
            at the same time stamps. A sample that is not finite, or absurdly large, is left out.
        """
        t, x = _plausible(chunk.t, chunk.x)
        if len(t) == 0:
            return Chunk(chunk.stream, t, x)
        settled = np.ones(len(t), dtype=bool)
        envelope, settled = self._filter.process(t, x) if self._filter else (x, settled)
        usable = settled[:, None] if valid is None else settled[:, None] & valid
        self.newest = float(t[-1])
        if self._recorder:
            self._recorder.add(envelope, settled)
        return Chunk(chunk.stream, t, self.scale.process(envelope, usable))


def _plausible(t: Array, x: Array) -> tuple[Array, Array]:
    """Return the samples without those that would poison the filters' state."""
    good = np.abs(x) < _LARGEST
    if good.all():
        return t, x
    rows = good.all(axis=1)
    return t[rows], x[rows]


def check_rate(rate_hz: float, band_hz: tuple[float, float], lowpass_hz: float) -> None:
    """Raise a UserError where a stream of this rate cannot carry the bands of the filters."""
    highest_hz = max(band_hz[1], lowpass_hz)
    if rate_hz > 2.0 * highest_hz:
        return
    raise UserError(
        f"Stream 'emg' has a rate of {rate_hz:g} Hz, but filtering it up to {highest_hz:g} Hz "
        f"needs more than {2.0 * highest_hz:g} Hz; set envelope.band_hz and envelope.lowpass_hz "
        f"below {rate_hz / 2.0:g} Hz, or envelope.kind = 'envelope' if it is not raw EMG."
    )
