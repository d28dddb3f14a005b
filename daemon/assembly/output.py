"""The ways out that a configuration names, with what limits the moments before them."""

from __future__ import annotations

import uuid

from daemon.assembly.keys import ConfiguredKeys
from daemon.config import Config, Ros2OutputConfig
from pipeline.model.subject import Subject
from pipeline.output.guard import MomentGuard
from pipeline.output.lsl import LslPublisher
from pipeline.output.message import MetaMessage
from pipeline.output.publisher import Publisher, Sink
from pipeline.output.ros2 import Ros2Publisher
from pipeline.output.udp import UdpPublisher
from pipeline.output.zmq import ZmqPublisher
from pipeline.streams.ros2.quality import Quality


def guard_of(config: Config) -> MomentGuard:
    """Return what limits and fades the moments."""
    return MomentGuard(
        n_dofs=len(config.model.dofs),
        max_moment_nm=config.output.max_moment_nm,
        fade_s=config.output.fade_out_s,
        stale_after_s=config.streams.stale_after_s,
    )


def meta_of(config: Config, subject: Subject) -> MetaMessage:
    """Return what a client must know once, with a new name for the session."""
    return MetaMessage(
        session=uuid.uuid4().hex[:12],
        dofs=tuple(config.model.dofs),
        rate_hz=config.model.rate_hz,
        title=config.title,
        muscles=subject.muscles,
        channels=tuple(config.driving_channels),
        valid_for_s=config.output.valid_for_s,
    )


def publisher_of(config: Config, meta: MetaMessage, parameters: tuple[str, ...]) -> Publisher:
    """Return the publisher with the ways out that the configuration names.

    Parameters
    ----------
    config
        The set-up.
    meta
        Names, order and rate of what goes out.
    parameters
        Names of the parameters of a set.

    Raises
    ------
    UserError
        If an address cannot be had, or a key is not what it should be.
    """
    output, keys = config.output, ConfiguredKeys(config).data
    sinks: list[Sink] = []
    if output.zmq:
        insecure = config.security.insecure
        sinks.append(ZmqPublisher(output.zmq, meta, keys, insecure=insecure))
    if output.udp:
        sinks.append(UdpPublisher(output.udp, len(meta.dofs), output.udp_version))
    if output.ros2:
        sinks.append(_ros2(output.ros2, meta, output.fade_out_s))
    if output.lsl:
        sinks.append(
            LslPublisher(
                output.lsl_name,
                meta.dofs,
                meta.muscles,
                parameters,
                meta.rate_hz,
                output.muscles_hz,
            )
        )
    return Publisher(meta, sinks)


def _ros2(output: Ros2OutputConfig, meta: MetaMessage, fade_s: float) -> Ros2Publisher:
    return Ros2Publisher(
        meta,
        topic=output.topic,
        diagnostics=output.diagnostics,
        domain_id=output.domain_id,
        quality=Quality(
            reliable=output.reliability == "reliable",
            depth=output.depth,
            keeps_last=output.durability == "transient_local",
            valid_for_s=meta.valid_for_s,
        ),
        fade_s=fade_s,
        withhold=output.not_ok == "withhold",
    )
