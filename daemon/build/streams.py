"""Live sources of a configuration, and what the pipeline wants from each."""

from __future__ import annotations

from daemon.build.keys import ConfiguredKeys
from daemon.config import Config, StreamConfig
from pipeline.streams.base import Source, StreamSpec
from pipeline.streams.units import to_si

LARGEST = {"emg": 1e6, "angles": 100.0, "moments": 1e5, "external": 1e5, "accelerations": 1e5}
"""By stream, a magnitude that cannot be: V (or 1 of a ready envelope), rad, N*m, rad/s^2."""


def stream_specs(config: Config) -> list[StreamSpec]:
    """Return what the pipeline wants from each stream; angles and moments in the model's order."""
    streams = config.streams
    specs = [
        _spec("emg", streams.emg, streams.emg.channels, config.failover.enabled),
        _spec("angles", streams.angles, streams.angles.channels),
    ]
    if streams.moments is not None:
        specs.append(_spec("moments", streams.moments, config.model.dofs, keep_nonfinite=True))
    if streams.external is not None:
        channels = streams.external.channels
        specs.append(_spec("external", streams.external, channels, keep_nonfinite=True))
    if streams.accelerations is not None:
        channels = streams.accelerations.channels
        specs.append(_spec("accelerations", streams.accelerations, channels))
    return specs


def _spec(
    key: str, stream: StreamConfig, channels: list[str], keep_nonfinite: bool = False
) -> StreamSpec:
    return StreamSpec(
        key=key,
        channels=tuple(channels),
        rate_hz=stream.rate_hz,
        to_si=to_si(key, stream.unit),
        keep_nonfinite=keep_nonfinite,
        latency_s=stream.latency_s,
        largest=LARGEST[key],
    )


def build_sources(config: Config) -> list[Source]:
    """Return the live sources of a configuration, not yet opened."""
    return [
        _source(spec, getattr(config.streams, spec.key), config) for spec in stream_specs(config)
    ]


def _source(spec: StreamSpec, stream: StreamConfig, config: Config) -> Source:
    stale_after_s = config.streams.stale_after_s
    if stream.transport == "zmq":
        from pipeline.streams.zeromq.source import ZmqSource

        return ZmqSource(
            spec,
            address=stream.address or "",
            stale_after_s=stale_after_s,
            keys=ConfiguredKeys(config).sender(stream.server_key),
        )
    from pipeline.streams.lsl.source import LslSource

    return LslSource(
        spec, name=stream.name, source_id=stream.source_id, stale_after_s=stale_after_s
    )
