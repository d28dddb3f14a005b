"""Live sources of a configuration, and what the pipeline wants from each."""

from __future__ import annotations

from pathlib import Path

from daemon.assembly.keys import ConfiguredKeys
from daemon.config import Config, StreamConfig
from pipeline.streams.base import Origin, Source, StreamSpec
from pipeline.streams.roles import NEEDED, ROLES, StreamRole
from pipeline.streams.transports import Transport
from pipeline.streams.units import to_si
from pipeline.timebase.pairing import REFERENCE_WAIT_S


def stream_specs(config: Config) -> list[StreamSpec]:
    """Return what the pipeline wants from each stream; angles and moments in the model's order.

    As a recording has it: under the channels' own names, whatever a live sender calls them.
    """
    streams = [(role, getattr(config.streams, key)) for key, role in ROLES.items()]
    return [_spec(role, stream, config) for role, stream in streams if stream is not None]


def _spec(role: StreamRole, stream: StreamConfig, config: Config) -> StreamSpec:
    watched = role.key == "emg" and config.failover.enabled
    return StreamSpec(
        key=role.key,
        channels=tuple(config.model.dofs if role.key == "moments" else stream.channels),
        rate_hz=stream.rate_hz,
        to_si=to_si(role.key, stream.unit, stream.scales),
        keep_nonfinite=watched or role.nan_is_no_reference,
        latency_s=stream.latency_s,
        largest=role.largest,
        reference=role.key not in NEEDED,
        origins={name: Origin(**vars(one)) for name, one in stream.origins.items()},
        scales=stream.scales,
    )


def build_sources(config: Config, memory: Path | None = None) -> list[Source]:
    """Return the live sources of a configuration, not yet opened; `memory` as `build_source`."""
    return [
        build_source(spec, getattr(config.streams, spec.key), config, memory)
        for spec in stream_specs(config)
    ]


def build_source(
    spec: StreamSpec, stream: StreamConfig, config: Config, memory: Path | None = None
) -> Source:
    """Return the live source of one stream, not yet opened.

    Parameters
    ----------
    spec, stream, config
        What the pipeline wants, the stream it is to have that from, and the whole set-up.
    memory
        Folder in which sources of one daemon remember who was found; None for no memory.
    """
    stale_after_s = REFERENCE_WAIT_S if spec.reference else config.streams.stale_after_s
    transport: Transport = stream.transport  # named here, or mypy's cache misses a new one
    match transport:
        case "lsl":
            from pipeline.streams.lsl.source import LslSource

            return LslSource(
                spec,
                name=stream.name,
                source_id=stream.source_id,
                host=stream.host,
                stale_after_s=stale_after_s,
                memory=None if memory is None else memory_of(spec.key, memory),
            )
        case "zmq":
            from pipeline.streams.zeromq.source import ZmqSource

            return ZmqSource(
                spec,
                address=stream.sought,
                stale_after_s=stale_after_s,
                keys=ConfiguredKeys(config).sender(stream.server_key),
            )
        case "ros2":
            from pipeline.streams.ros2.source import Ros2Source

            return Ros2Source(
                spec,
                topic=stream.sought,
                domain_id=stream.domain_id,
                stale_after_s=stale_after_s,
            )


def memory_of(key: str, folder: Path) -> Path:
    """Return the file in which one LSL stream's connected outlet is remembered."""
    return folder / f"{key}.json"
