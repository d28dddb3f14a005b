"""From a configuration with bones to the parts that learn from motion."""

from __future__ import annotations

from daemon.config import Config, SkeletonConfig
from pipeline.calibrate.body import Bones
from pipeline.calibrate.limb import Limb
from pipeline.chain import REFERENCE_WAIT_S
from pipeline.differentiate import Differentiator
from pipeline.errors import UserError
from pipeline.model.skeleton import Chain, Skeleton, load_skeleton
from pipeline.motion_pairing import MotionPairing
from pipeline.pairing import ReferencePairing


def motion_pairing(config: Config, external: ReferencePairing | None) -> MotionPairing:
    """Return what brings motion, and measured torque, onto the times of the rows.

    Raises
    ------
    UserError
        If the skeleton does not fit the joints of the configuration.
    """
    _, chain = _skeleton(config)
    angles, torques = config.streams.angles, config.streams.external
    return MotionPairing(
        _coordinates(config, chain),
        angles.channels,
        config.model.fixed_angles_rad,
        Differentiator(
            angles.rate_hz, len(angles.channels), _span_s(config), config.streams.max_gap_s
        ),
        external,
        torques.channels if torques else (),
        capacity=round(2 * REFERENCE_WAIT_S * config.model.rate_hz),
    )


def limb(config: Config) -> Limb:
    """Return the limb as the calibrator sees it; raises as `motion_pairing`."""
    _, chain = _skeleton(config)
    return Limb(Skeleton.of(chain), _coordinates(config, chain), len(config.model.dofs))


def bones(config: Config) -> Bones:
    """Return the bones a calibration starts from; raises as `motion_pairing`."""
    section, chain = _skeleton(config)
    return Bones(chain.bone_names, Skeleton.of(chain).inertia, section.free, section.width)


def _skeleton(config: Config) -> tuple[SkeletonConfig, Chain]:
    """Return the skeleton once it fits the joints of the configuration."""
    if config.skeleton is None:
        raise UserError("The configuration has no [skeleton]; it is needed to learn from motion.")
    chain = load_skeleton(config.skeleton.file)
    known = chain.coordinates
    angles = [*config.streams.angles.channels, *config.model.fixed_angles_rad]
    external = config.streams.external
    for place, names in (
        ("model.dofs", config.model.dofs),
        ("streams.external.channels", external.channels if external else ()),
    ):
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


def _coordinates(config: Config, chain: Chain) -> tuple[str, ...]:
    """Return the skeleton's coordinates, those of the model's DOFs first and in their order."""
    dofs = tuple(config.model.dofs)
    return (*dofs, *(name for name in chain.coordinates if name not in dofs))


def _span_s(config: Config) -> float:
    """Return the smoother's span; raises UserError where it holds too few samples."""
    rate_hz = config.streams.angles.rate_hz
    section = config.skeleton
    if section is None or section.span_s * rate_hz < 6.0:
        raise UserError(
            f"skeleton.span_s is too short for angles at {rate_hz:g} Hz; make it at least "
            f"{6.0 / rate_hz:g} s."
        )
    return section.span_s
