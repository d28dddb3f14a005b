"""The watch over the values that come in: angles, EMG amplitude, ready envelopes."""

from __future__ import annotations

from math import pi, radians

import numpy as np

from daemon.config import Config
from daemon.live.electrode_alerts import ElectrodeAlerts
from daemon.live.outbox import Outbox
from pipeline.emg.amplitude import AmplitudeWatch
from pipeline.emg.ready_envelope import ReadyEnvelopeWatch
from pipeline.live import LivePipeline
from pipeline.streams.base import Chunk
from pipeline.streams.plausible import Outlier, RangeWatch
from pipeline.streams.units import known_unit, to_si

BEYOND_RAD = pi / 2
"""How far beyond the model's fitted range an angle may lie, rad: no joint bends so much further,
and the model's muscles mean nothing there."""
_TIMES = {1: "thousand", 2: "million"}


class InputWatch:
    """Stands between the streams and the pipeline; what it finds is told in the status.

    Parameters
    ----------
    config
        The set-up.
    pipeline
        Where the samples go on to.
    outbox, care, remarks
        Where what is found is told: a fault, troubles with electrodes, remarks by cause.
    """

    def __init__(
        self,
        config: Config,
        pipeline: LivePipeline,
        outbox: Outbox,
        care: ElectrodeAlerts,
        remarks: dict[str, str],
    ) -> None:
        emg, self._angle_unit = config.streams.emg, config.streams.angles.unit
        self._emg_unit = emg.unit
        self._pipeline, self._outbox, self._care, self._remarks = pipeline, outbox, care, remarks
        geometry = pipeline.geometry
        self._fitted = dict(zip(geometry.coordinates, geometry.ranges_rad.tolist(), strict=True))
        low, high = geometry.ranges_rad.T
        self._angles = RangeWatch(geometry.coordinates, low - BEYOND_RAD, high + BEYOND_RAD)
        raw = config.envelope.kind == "raw"
        self._amplitude = AmplitudeWatch(emg.rate_hz) if raw else None
        self._ready = None if raw else ReadyEnvelopeWatch(emg.channels, emg.rate_hz)

    def pass_on(self, chunk: Chunk) -> None:
        """Give samples to the pipeline, without those that cannot be."""
        if chunk.stream == "angles":
            chunk = self._plausible(chunk)
        elif chunk.stream == "emg":
            self._look_at_emg(chunk)
        if len(chunk.t):
            self._care.note(self._pipeline.push(chunk))

    def _plausible(self, chunk: Chunk) -> Chunk:
        keep = self._angles.usable(chunk.t, chunk.x)
        fault = self._angles.fault
        self._outbox.fault = "" if fault is None else self._of_angle(fault)
        return chunk if keep.all() else Chunk(chunk.stream, chunk.t[keep], chunk.x[keep])

    def _of_angle(self, outlier: Outlier) -> str:
        low, high = self._fitted[outlier.channel]
        return (
            f"{outlier.channel} is {outlier.value:.3g} rad, the model knows {low:.2g} to "
            f"{high:.2g} rad: {self._guess(outlier)} Angles like this are not used "
            f"({self._angles.left_out} samples so far), so the moments fade to zero."
        )

    def _guess(self, outlier: Outlier) -> str:
        in_degrees = outlier.low <= radians(outlier.value) <= outlier.high
        if in_degrees and known_unit("angles", self._angle_unit) == "rad":
            return 'are these degrees? Set streams.angles.unit = "deg", or correct the sender.'
        return "check its unit, its sign and where it is zero."

    def _look_at_emg(self, chunk: Chunk) -> None:
        mvc = self._pipeline.envelope.scale.mvc
        if self._amplitude:
            self._amplitude.process(chunk, mvc)
            self._care.explain(self._of_amplitude(self._amplitude.thousands))
        if self._ready:
            self._ready.process(chunk, mvc)
            self._remarks.pop("envelopes", None)
            if said := _of_envelopes(self._ready):
                self._remarks["envelopes"] = said

    def _of_amplitude(self, thousands: int) -> str:
        if not thousands:
            return ""
        factor = to_si("emg", self._emg_unit, {"counts": 1.0})
        units = {to_si("emg", unit): unit for unit in ("V", "mV", "uV", "nV")}
        close = [u for f, u in units.items() if np.isclose(f, factor * 1000.0**-thousands)]
        probably = (
            f'the unit is probably {close[0]}: set streams.emg.unit = "{close[0]}", correct the '
            "sender, or record the MVC anew."
            if close and known_unit("emg", self._emg_unit) != "counts"
            else "check the unit and envelope.mvc."
        )
        return (
            f"All EMG channels are about a {_TIMES[abs(thousands)]} times too "
            f"{'large' if thousands > 0 else 'small'} for their MVC, so {probably}"
        )


def _of_envelopes(watch: ReadyEnvelopeWatch) -> str:
    """Return what there is to say of ready envelopes, in a sentence, or nothing."""
    found = []
    if watch.negative:
        found.append(f"below zero ({', '.join(watch.negative)})")
    if watch.high:
        found.append(f"high at rest, never below 30 % of their peak ({', '.join(watch.high)})")
    if not found:
        return ""
    return f"EMG envelopes are {' and '.join(found)}: check how the sender rectifies and filters."
