"""The bones of a configuration, and the parts that learn from motion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch

from daemon.config import Config, SkeletonConfig, StreamConfig
from pipeline.calibrate.body import Bones
from pipeline.calibrate.motion import MotionReference
from pipeline.errors import UserError
from pipeline.model.skeleton import BoneSpace, KinematicTree, Skeleton, load_skeleton
from pipeline.model.skeleton.multipliers import unbounded
from pipeline.timebase.differentiate import Differentiator
from pipeline.timebase.motion_pairing import ACCELERATION, TORQUE, Measured, MotionPairing
from pipeline.timebase.pairing import REFERENCE_WAIT_S, Interpolator

MEASURED = {"external": TORQUE, "accelerations": ACCELERATION}
"""What the streams beside the angles measure of a motion."""

OF_A_RUN = "; bones of a live run's parameter set"
"""What the origin of a skeleton with such bones ends in."""


def motion_pairing(config: Config) -> MotionPairing:
    """Return what brings motion, and what is measured of it, onto the times of the rows.

    Raises
    ------
    UserError
        If the skeleton does not fit the joints of the configuration.
    """
    _, chain = _skeleton(config)
    angles = config.streams.angles
    return MotionPairing(
        _coordinates(config, chain),
        angles.channels,
        config.model.fixed_angles_rad,
        Differentiator(
            angles.rate_hz,
            len(angles.channels),
            _span_s(config),
            config.streams.max_gap_s,
            # The angles of a row stay until the slowest of the other streams has come.
            capacity=round(2 * (REFERENCE_WAIT_S + _span_s(config)) * angles.rate_hz),
        ),
        {key: _measured(config, key, stream) for key, stream in _beside_angles(config).items()},
    )


def _beside_angles(config: Config) -> dict[str, StreamConfig]:
    """Return the streams that measure something of the motion beside the angles."""
    streams = {key: getattr(config.streams, key) for key in MEASURED}
    return {key: stream for key, stream in streams.items() if stream is not None}


def _measured(config: Config, key: str, stream: StreamConfig) -> Measured:
    capacity = round(2 * REFERENCE_WAIT_S * stream.rate_hz)
    samples = Interpolator(stream.rate_hz, len(stream.channels), config.streams.max_gap_s, capacity)
    return Measured(MEASURED[key], stream.channels, samples)


def motion_reference(config: Config) -> MotionReference:
    """Return the limb as the calibrator sees it; raises as `motion_pairing`."""
    _, chain = _skeleton(config)
    return MotionReference(Skeleton.of(chain), _coordinates(config, chain), len(config.model.dofs))


def starting_bones(config: Config) -> Bones:
    """Return the bones a calibration starts from; raises as `motion_pairing`."""
    section, chain = _skeleton(config)
    return Bones(chain.bone_names, Skeleton.of(chain).inertia, section.free, section.width)


def bones_believed(config: Config) -> dict[str, float]:
    """Return the bones of version 0 as `Subject` has them: all 1, and none if none are free."""
    if not config.torque_free:
        return {}
    start = starting_bones(config)
    labels = BoneSpace(start.names, start.inertia).labels
    return dict.fromkeys(map(str, labels), 1.0) if start.free else {}


def free_skeleton(config: Config) -> KinematicTree | None:
    """Return the skeleton whose bones are identified, None if none are; raises as the others."""
    return _skeleton(config)[1] if bones_believed(config) else None


def with_bones(believed: KinematicTree, factors: Mapping[str, float]) -> KinematicTree:
    """Return a skeleton with the bones of a parameter set.

    Parameters
    ----------
    believed
        What `factors` are relative to.
    factors
        As `Subject.bones`.
    """
    skeleton = Skeleton.of(believed)
    space = BoneSpace(believed.bone_names, skeleton.inertia)
    numbers = torch.tensor([factors[str(label)] for label in space.labels], dtype=torch.float64)
    found = skeleton.with_inertia(space.inertia(unbounded(numbers))).described()
    return replace(found, origin=believed.origin.removesuffix(OF_A_RUN) + OF_A_RUN)


def _skeleton(config: Config) -> tuple[SkeletonConfig, KinematicTree]:
    """Return the skeleton once it fits the joints of the configuration."""
    if config.skeleton is None:
        raise UserError("The configuration has no [skeleton]; it is needed to learn from motion.")
    chain = load_skeleton(config.skeleton.file)
    known = chain.coordinates
    angles = [*config.streams.angles.channels, *config.model.fixed_angles_rad]
    beside = _beside_angles(config)
    channels = {f"streams.{key}.channels": stream.channels for key, stream in beside.items()}
    for place, names in {"model.dofs": config.model.dofs, **channels}.items():
        if strange := [name for name in names if name not in known]:
            raise UserError(
                f"{place} names {strange}, which skeleton '{chain.name}' does not have; it has "
                f"{', '.join(known)}."
            )
    if missing := [name for name in known if name not in angles]:
        raise UserError(
            f"Skeleton '{chain.name}' bends at {missing}, of which no angle is given; name each in "
            "streams.angles.channels or in model.fixed_angles_rad."
        )
    return config.skeleton, chain


def _coordinates(config: Config, chain: KinematicTree) -> tuple[str, ...]:
    """Return the skeleton's coordinates, those of the model's DOFs first and in their order."""
    dofs = tuple(config.model.dofs)
    return (*dofs, *(name for name in chain.coordinates if name not in dofs))


def _span_s(config: Config) -> float:
    """Return the smoother's span; raises UserError where it holds too few samples."""
    rate_hz = config.streams.angles.rate_hz
    section = config.skeleton
    if section is None or section.smoothing_window_s * rate_hz < 6.0:
        raise UserError(
            f"skeleton.smoothing_window_s is too short for angles at {rate_hz:g} Hz; make it at "
            f"least {6.0 / rate_hz:g} s."
        )
    return section.smoothing_window_s
