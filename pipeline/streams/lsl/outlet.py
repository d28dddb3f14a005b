"""LSL streams out."""

from __future__ import annotations

import socket
import time
from typing import Any

from pipeline.streams.base import Array
from pipeline.streams.lsl.liblsl import load_pylsl

LINGER_S = 0.05
"""How long an outlet that is heard outlives its last sample, s: liblsl cannot be told to flush."""


def linger(*outlets: Any) -> None:
    """Wait until the samples of outlets have left them, before they are destroyed.

    liblsl hands samples out on threads of its own; one that is on its way when its outlet is
    destroyed is freed into memory that is gone, and takes the process with it (sccn/liblsl 218).
    """
    if any(outlet.have_consumers() for outlet in outlets):
        time.sleep(LINGER_S)


class LslOutlet:
    """A stream on the LSL network.

    Parameters
    ----------
    name, stream_type
        The stream's LSL name and type. Streams of type ``EMG`` are sent as float32, all others
        as double64.
    channels
        Channel labels, written to ``desc/channels/channel/label``.
    unit
        Unit of the samples, written to ``desc/channels/channel/unit``.
    rate_hz
        Nominal rate in Hz; 0 for an irregular stream.
    source_id
        Identity that survives a restart of the sender; by default made of name and host.

    Raises
    ------
    UserError
        If liblsl is missing.
    """

    def __init__(
        self,
        name: str,
        stream_type: str,
        channels: tuple[str, ...],
        unit: str,
        rate_hz: float,
        source_id: str | None = None,
    ) -> None:
        pylsl = load_pylsl()
        kind = pylsl.cf_float32 if stream_type == "EMG" else pylsl.cf_double64
        identity = source_id or f"{name}@{socket.gethostname()}"
        info = pylsl.StreamInfo(name, stream_type, len(channels), rate_hz, kind, identity)
        labels = info.desc().append_child("channels")
        for channel in channels:
            entry = labels.append_child("channel")
            entry.append_child_value("label", channel)
            entry.append_child_value("unit", unit)
        self._outlet: Any | None = pylsl.StreamOutlet(info)

    def push(self, t: Array, x: Array) -> None:
        """Send samples; `t` in s on the LSL clock, shape [n], `x` of shape [n, channels]."""
        if self._outlet is not None and len(t):
            self._outlet.push_chunk(x, t.tolist())

    def close(self) -> None:
        """Take the stream off the network; safe to call twice."""
        if self._outlet is not None:
            linger(self._outlet)
        self._outlet = None
