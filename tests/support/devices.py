"""Senders that behave as devices do, written with pylsl alone, and those who listen to them."""

import threading
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pylsl
from listener import Listener

from daemon.assembly.streams import build_source, stream_specs
from daemon.config import Config, load_config
from daemon.config.streams import StreamConfig, StreamsConfig
from pipeline.streams import clock
from pipeline.streams.base import Source, SourceState
from pipeline.streams.lsl.outlet import linger

WRAP = 16384
"""Where the ramps begin anew: within int16, and exact as float32."""


@dataclass(frozen=True)
class Device:
    """What a device sends: in each channel a ramp of its own, one step a sample.

    Parameters
    ----------
    rate_hz, nominal_hz
        How fast it samples, and what it states, Hz; the same where None.
    labels
        One for each channel; a number of channels where it states no labels.
    unit
        What every channel states; nothing where empty.
    kind
        LSL's channel format.
    step
        Height of a step of the ramps, in the device's unit.
    chunk
        Samples that are sent at a time.
    stamps
        Whether it stamps each sample with its true time, a chunk with when it was sent, or leaves
        that to LSL.
    lag_s, jitter_s
        How long samples are under way, and the standard deviation of it, s.
    held_s
        From when to when, s after the first sample, it holds back what it samples, as a radio link
        does; then it sends all at once.
    label_tag
        What it calls a label in its description.
    """

    labels: Sequence[str] | int
    rate_hz: float
    nominal_hz: float | None = None
    unit: str = ""
    kind: str = "float32"
    step: float = 1.0
    chunk: int = 20
    stamps: Literal["own", "chunk", "none"] = "own"
    lag_s: float = 0.0
    jitter_s: float = 0.0
    held_s: tuple[float, float] = (0.0, 0.0)
    label_tag: str = "label"

    @property
    def channels(self) -> int:
        return self.labels if isinstance(self.labels, int) else len(self.labels)

    def rows(self, first: int, count: int) -> np.ndarray:
        """Return the samples from the `first` on, shape [count, channels]."""
        ramp = (first + np.arange(count))[:, None] + 37 * np.arange(self.channels)
        return self.step * (ramp % WRAP)

    def info(self, name: str) -> pylsl.StreamInfo:
        """Return its description."""
        nominal_hz = self.rate_hz if self.nominal_hz is None else self.nominal_hz
        info = pylsl.StreamInfo(name, "Device", self.channels, nominal_hz, self.kind, f"{name}-1")
        if not isinstance(self.labels, int):
            channels = info.desc().append_child("channels")
            for label in self.labels:
                channel = channels.append_child("channel")
                channel.append_child_value(self.label_tag, label)
                if self.unit:
                    channel.append_child_value("unit", self.unit)
        return info


class Sender:
    """A device on the network, which samples from `start` on until it is closed."""

    def __init__(self, name: str, device: Device) -> None:
        self.device = device
        self.outlet = pylsl.StreamOutlet(device.info(name))
        self.begun = 0.0
        """True time of the first sample, s."""
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self, begun: float | None = None) -> None:
        self.begun = clock.now() if begun is None else begun
        self._thread.start()

    def true_times(self, count: int) -> np.ndarray:
        """Return when the first samples were taken, shape [count], s."""
        return self.begun + np.arange(count) / self.device.rate_hz

    def _run(self) -> None:
        device, rng, first = self.device, np.random.default_rng(1), 0
        while True:
            places = first + np.arange(device.chunk)
            t = self.begun + places / device.rate_hz
            sent = t[-1] + max(0.0, device.lag_s + rng.normal(0.0, device.jitter_s))
            held_from, held_to = self.begun + np.array(device.held_s)
            if held_from < sent < held_to:
                sent = held_to
            if self._end.wait(max(0.0, sent - clock.now())):
                return
            stamps = {"own": t.tolist(), "chunk": float(sent), "none": 0.0}[device.stamps]
            self.outlet.push_chunk(device.rows(first, device.chunk), stamps)
            first += device.chunk

    def close(self) -> None:
        self._end.set()
        if self._thread.ident is not None:
            self._thread.join()
        linger(self.outlet)
        del self.outlet


def is_connected(listener: Listener, sender: Sender) -> bool:
    """Say whether nothing that is sent from now on can be missed."""
    return listener.poll().state is SourceState.STALE and sender.outlet.have_consumers()


def set_up(**tables: str) -> Config:
    """Return the walking set-up with streams as TOML has them, for example ``emg='name = ...'``."""
    walking = load_config("walking")
    told = {key: StreamConfig.model_validate(tomllib.loads(text)) for key, text in tables.items()}
    streams = StreamsConfig.model_validate(dict(walking.streams) | told)
    return walking.model_copy(update={"streams": streams})


def source_of(key: str, config: Config) -> Source:
    """Return the source that a run reads a stream with, not yet opened."""
    spec = next(spec for spec in stream_specs(config) if spec.key == key)
    return build_source(spec, getattr(config.streams, key), config)
