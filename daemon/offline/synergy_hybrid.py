"""Synergy-hybrid calibration of a configuration some of whose muscles have no electrode."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from daemon.assembly.calibrator import recorded_muscles
from daemon.config import Config
from pipeline.calibrate.loss import Trials
from pipeline.calibrate.offline import Calibration, DescentSettings, Watch
from pipeline.calibrate.synergy.hybrid import HybridObjective, HybridSettings, calibrate_hybrid
from pipeline.emg.synthesis import MOST_SYNERGIES, SynergyWeights, Synthesis
from pipeline.errors import UserError
from pipeline.model.parameters import ParameterSpace
from pipeline.timebase.rows import PairedRows

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Hybrid:
    """What a synergy-hybrid calibration found."""

    calibration: Calibration
    muscles: tuple[str, ...]
    weights: Array
    """Shape [muscle, synergy]."""
    unit: Array
    """Excitation by which each muscle's error is weighed, see `Synthesis`."""
    measured: NDArray[np.bool_]
    """Which muscles have an electrode, shape [muscle]."""

    def driven(self, rows: PairedRows) -> PairedRows:
        """Return rows with synthesised excitations of the muscles without electrode."""
        synthesis = Synthesis(SynergyWeights(self.weights, self.unit))
        return rows._replace(excitation=synthesis.fill(rows.excitation, self.measured))

    def described(self) -> dict[str, object]:
        """Return the synergies for a JSON file."""
        return {
            "count": self.weights.shape[1],
            "muscles": list(self.muscles),
            "weights": self.weights.tolist(),
            "unit": self.unit.tolist(),
            "measured": self.named(self.measured),
            "synthesised": self.named(~self.measured),
        }

    def named(self, which: NDArray[np.bool_]) -> list[str]:
        """Return the names of some muscles."""
        return [name for name, chosen in zip(self.muscles, which, strict=True) if chosen]


def hybrid(
    config: Config,
    space: ParameterSpace,
    trials: Trials,
    start: Tensor,
    settings: DescentSettings,
    count: int | None = None,
    watch: Watch | None = None,
) -> Hybrid:
    """Calibrate with synergies that drive the muscles that `config` names no channels for.

    Parameters
    ----------
    start
        Where to begin, as `ParameterSpace` has it.
    count
        Number of synergies; None takes as many as the variance needs.

    Raises
    ------
    UserError
        If no muscle has an electrode, or there are too many synergies to run live.
    FloatingPointError
        If the objective stops being a finite number.
    """
    muscles = space.prior.muscles
    measured = recorded_muscles(config, space.prior)
    if not measured.any():
        raise UserError("No muscle of the model has an electrode; name some under model.muscles.")
    if count is not None and not 1 <= count <= MOST_SYNERGIES:
        raise UserError(f"The number of synergies is 1 to {MOST_SYNERGIES}; got {count}.")
    objective = HybridObjective(
        space,
        trials,
        torch.as_tensor(measured),
        1.0 / config.model.rate_hz,
        HybridSettings(settings, count),
    )
    found, synergies = calibrate_hybrid(objective, start, watch)
    return Hybrid(
        found,
        muscles,
        synergies.weights.cpu().double().numpy(),
        objective.unit.cpu().double().numpy(),
        measured,
    )
