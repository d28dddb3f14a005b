"""EMG envelope to excitation: divide by MVC, take off the resting level; both may change live."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.emg.baseline import BaselineTracker
from pipeline.streams.base import Array


@dataclass
class _Fade:
    """The scale that is being left, and how far the fade from it has come."""

    gain: Array
    offset: Array
    samples: int
    done: int = 0


class Normaliser:
    """Turns an envelope into a fraction of MVC above rest.

    When MVC or resting level change, gain and offset move from the old to the new ones sample by
    sample, so that an excitation never jumps.

    Parameters
    ----------
    mvc
        Envelope at maximum voluntary contraction, shape [channel].
    baseline
        Resting level, fraction of MVC, shape [channel]; None for a tracked one.
    rate_hz
        Nominal sampling rate of the envelope, Hz.
    """

    def __init__(self, mvc: Array, baseline: Array | None, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._tracker = BaselineTracker(rate_hz, len(mvc)) if baseline is None else None
        self._fixed = np.zeros(len(mvc)) if baseline is None else baseline
        self._fade: _Fade | None = None
        self.mvc = mvc
        """Envelope at maximum voluntary contraction, shape [channel]."""
        self._gain = 1.0 / mvc

    @property
    def baseline(self) -> Array:
        """Resting level that is taken off now, shape [channel], fraction of MVC."""
        return self._tracker.level if self._tracker else self._fixed

    @property
    def tracked(self) -> bool:
        """Whether the resting level is tracked."""
        return self._tracker is not None

    def adopt(self, mvc: Array, baseline: Array | None, fade_s: float) -> None:
        """Move to another MVC, and to another resting level where one is given.

        Parameters
        ----------
        mvc
            Shape [channel].
        baseline
            Fraction of the new MVC, shape [channel], fixed from now on; where None the present
            level stays what it is in the envelope's unit, and a tracked one goes on being tracked.
        fade_s
            Duration of the move, s of the samples' time.
        """
        gain, offset = self._present()
        self._fade = _Fade(gain, offset, max(1, round(fade_s * self._rate_hz)))
        rescale = self.mvc / mvc
        self.mvc, self._gain = mvc, 1.0 / mvc
        if baseline is not None:
            self._tracker, self._fixed = None, baseline
        elif self._tracker:
            self._tracker.rescale(rescale)
        else:
            self._fixed = self._fixed * rescale

    def _present(self) -> tuple[Array, Array]:
        """Return gain and offset as they are now, which is between two scales during a fade."""
        fade = self._fade
        if fade is None:
            return self._gain, self.baseline.copy()
        share = fade.done / fade.samples
        gain = (1.0 - share) * fade.gain + share * self._gain
        return gain, (1.0 - share) * fade.offset + share * self.baseline

    def process(self, envelope: Array, usable: NDArray[np.bool_]) -> Array:
        """Return the excitations of the next samples, shape [n, channel], never negative.

        Parameters
        ----------
        envelope
            Shape [n, channel].
        usable
            Samples a tracked resting level may be learnt from, shape [n, channel] or [n, 1].
        """
        # A Butterworth low-pass undershoots after a burst; that is not a resting level.
        positive = np.maximum(envelope, 0.0)
        scaled = positive * self._gain
        above = self._tracker.subtract(scaled, usable) if self._tracker else scaled - self._fixed
        if self._fade:
            above = self._faded(self._fade, positive, above)
        return np.maximum(above, 0.0, out=above)

    def _faded(self, fade: _Fade, positive: Array, above: Array) -> Array:
        share = np.minimum((fade.done + 1 + np.arange(len(above))) / fade.samples, 1.0)[:, None]
        fade.done += len(above)
        if fade.done >= fade.samples:
            self._fade = None
        faded: Array = (1.0 - share) * (positive * fade.gain - fade.offset) + share * above
        return faded
