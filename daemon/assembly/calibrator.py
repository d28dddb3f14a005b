"""The calibrator of a configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import torch

from daemon.assembly.envelope import build_envelope
from daemon.assembly.model import model_in_use
from daemon.assembly.skeleton import motion_reference, starting_bones
from daemon.assembly.subject import delay_of, is_stranger, prior_of
from daemon.config import Config
from daemon.config.learning import CalibratorConfig
from pipeline.calibrate.body import BodySpace
from pipeline.calibrate.calibrator import Calibrator, CalibratorSettings
from pipeline.calibrate.delay import Delays
from pipeline.calibrate.synergy.hybrid import HybridSettings
from pipeline.calibrate.synergy.online import OnlineSynergies
from pipeline.calibrate.unmeasured import UnmeasuredMuscles
from pipeline.errors import UserError
from pipeline.model.parameters import ParameterSpace, Rule
from pipeline.model.subject import CALIBRATED, Subject

GAINS = {"mvc": (0.67, 1.5), "peak": (0.05, 1.2), "unknown": (0.1, 8.0)}
"""Bounds of what EMG is multiplied by, by what it is scaled to."""
DELAYS_S = (0.02, 0.15)
"""Between what an electromechanical delay lies that is found."""


def parameter_space(config: Config, prior: Subject, device: str) -> ParameterSpace:
    """Return the free parameters and their bounds; with the bones where motion is the reference."""
    section, rules = config.calibrator.parameters, {}
    for name in CALIBRATED:
        kind = getattr(section, name)
        rules[name] = Rule(kind.free, kind.bounds)
    if "gain" not in section.model_fields_set:
        rules["gain"] = Rule(True, GAINS[config.envelope.scaled_to])
    groups = _groups_of(config.calibrator, prior.muscles), torch.float32, device
    gains = _driven_alike(config, prior)
    if config.torque_free:
        return BodySpace(prior, rules, starting_bones(config), *groups, gains)
    return ParameterSpace(prior, rules, *groups, gains)


def _driven_alike(config: Config, prior: Subject) -> list[list[str]]:
    """Return the muscles that the same electrodes drive, which therefore share a gain."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for muscle in prior.muscles:
        alike.setdefault(tuple(sorted(config.model.muscles.get(muscle, ()))), []).append(muscle)
    return list(alike.values())


def _groups_of(section: CalibratorConfig, muscles: Sequence[str]) -> list[list[str]]:
    """Return the strength groups without the muscles that take no part."""
    groups = [[m for m in group if m in muscles] for group in section.strength_groups.values()]
    return [group for group in groups if group]


def compute_device(config: Config) -> str:
    """Return where the calibrator computes.

    Raises
    ------
    UserError
        If CUDA is asked for and there is none.
    """
    wanted = config.calibrator.device
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if wanted == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "calibrator.device = 'cuda', but this machine has no CUDA device that torch can use; "
            "set it to 'auto' or 'cpu'."
        )
    return wanted


def calibrator_settings(section: CalibratorConfig) -> CalibratorSettings:
    """Return the settings that the section has under the same names."""
    names = {field.name for field in fields(CalibratorSettings)} & set(type(section).model_fields)
    return CalibratorSettings(**{name: getattr(section, name) for name in names})


def build_calibrator(
    config: Config, start: Subject, version: int = 0, *, stranger: bool | None = None
) -> Calibrator:
    """Return the calibrator of a configuration.

    Parameters
    ----------
    start
        Parameters it starts from; the prior stays the generic subject of the model file,
        with this one's curves and tendons.
    version
        Version of those parameters.
    stranger
        Whether nothing is known of the person; None where the set-up says it.
    """
    if stranger is None:
        stranger = is_stranger(config, version)
    prior = prior_of(config, model_in_use(config), start)
    space = parameter_space(config, prior, compute_device(config))
    synergies = _synergies(config, prior) if config.failover.enabled else None
    learns_from = motion_reference(config) if config.torque_free else None
    return Calibrator(
        space,
        config.model.rate_hz,
        calibrator_settings(config.calibrator),
        start,
        version,
        synergies,
        learns_from,
        _unmeasured(config, prior),
        delays(config, start),
        stranger=stranger,
        joints=config.model.dofs,
    )


def delays(config: Config, start: Subject) -> Delays:
    """Return what is known of the electromechanical delay before a calibration."""
    known = config.model.electromechanical_delay_s != "found" or start.delay_s is not None
    of = delay_of(config, start)
    least, longest = (of, of) if known else DELAYS_S
    return Delays(least, longest, build_envelope(config).group_delay_s)


def recorded_muscles(config: Config, prior: Subject) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which muscles have electrodes, shape [muscle]."""
    return np.array([muscle in config.model.muscles for muscle in prior.muscles])


def _synergies(config: Config, prior: Subject) -> OnlineSynergies:
    wanted = HybridSettings(count=config.synergies.count, min_vaf=config.synergies.min_vaf)
    left_alone = config.calibrator.without_electrodes == "least_squares"
    return OnlineSynergies(
        recorded_muscles(config, prior), wanted, compute_device(config), left_alone
    )


def _unmeasured(config: Config, prior: Subject) -> UnmeasuredMuscles | None:
    """Return the muscles whose forces close the equation, None where there are none."""
    recorded = recorded_muscles(config, prior)
    if config.calibrator.without_electrodes != "least_squares" or recorded.all():
        return None
    strongest = config.calibrator.parameters.strength.bounds[1]
    most = torch.as_tensor(strongest * prior.max_isometric_force, dtype=torch.float32)
    where = compute_device(config)
    return UnmeasuredMuscles(torch.as_tensor(~recorded, device=where), most.to(where))
