"""The calibrator of a configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import torch

from daemon.assembly.model import model_in_use
from daemon.assembly.skeleton import motion_reference, starting_bones
from daemon.assembly.subject import generic_subject
from daemon.config import Config
from daemon.config.learning import CalibratorConfig
from pipeline.calibrate.body import BodySpace
from pipeline.calibrate.calibrator import Calibrator, CalibratorSettings
from pipeline.calibrate.synergy.hybrid import HybridSettings
from pipeline.calibrate.synergy.online import OnlineSynergies
from pipeline.calibrate.unmeasured import UnmeasuredMuscles
from pipeline.errors import UserError
from pipeline.model.parameters import ParameterSpace, Rule
from pipeline.model.subject import CALIBRATED, Subject


def parameter_space(config: Config, prior: Subject, device: str) -> ParameterSpace:
    """Return the free parameters and their bounds; with the bones where motion is the reference."""
    section = config.calibrator.parameters
    rules = {n: Rule(getattr(section, n).free, getattr(section, n).bounds) for n in CALIBRATED}
    groups = _groups_of(config.calibrator, prior.muscles)
    if config.torque_free:
        return BodySpace(prior, rules, starting_bones(config), groups, torch.float32, device)
    return ParameterSpace(prior, rules, groups, torch.float32, device)


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


def build_calibrator(config: Config, start: Subject, version: int = 0) -> Calibrator:
    """Return the calibrator of a configuration.

    Parameters
    ----------
    start
        Parameters it starts from; the prior stays the generic subject of the model file.
    version
        Version of those parameters.
    """
    prior = generic_subject(model_in_use(config))
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
    )


def _recorded(config: Config, prior: Subject) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which muscles have electrodes, shape [muscle]."""
    return np.array([muscle in config.model.muscles for muscle in prior.muscles])


def _synergies(config: Config, prior: Subject) -> OnlineSynergies:
    wanted = HybridSettings(count=config.synergies.count, min_vaf=config.synergies.min_vaf)
    left_alone = config.calibrator.without_electrodes == "least_squares"
    return OnlineSynergies(_recorded(config, prior), wanted, compute_device(config), left_alone)


def _unmeasured(config: Config, prior: Subject) -> UnmeasuredMuscles | None:
    """Return the muscles whose forces close the equation, None where there are none."""
    recorded = _recorded(config, prior)
    if config.calibrator.without_electrodes != "least_squares" or recorded.all():
        return None
    strongest = config.calibrator.parameters.strength.bounds[1]
    most = torch.as_tensor(strongest * prior.max_isometric_force, dtype=torch.float32)
    where = compute_device(config)
    return UnmeasuredMuscles(torch.as_tensor(~recorded, device=where), most.to(where))
