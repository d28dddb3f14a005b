"""Synergies learnt while data arrive, and refined with the muscles where electrodes are missing.

While every electrode is valid, its synergies are those of the window's excitations. Where
muscles are driven by synthesised excitations, weights and primitives take part in the calibrator's
search, under the same penalties as offline.

References
----------
Hambly et al. 2025, doi 10.1109/TBME.2025.3569682, eq. 5 and section III.C.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.adamw import AdamW
from pipeline.calibrate.loss import Trials
from pipeline.calibrate.synergy.factorisation import (
    Synergies,
    factorise,
    foretelling_synergies,
    synergies_for,
    variance_accounted_for,
)
from pipeline.calibrate.synergy.hybrid import UNIT, HybridSettings, driven, synergy_penalty
from pipeline.emg.synthesis import RIDGE, SynergyWeights, Synthesis
from pipeline.timebase.rows import PairedRows

LEAST_ROWS = 200
"""Fewer rows in which every electrode was believed say too little of what moves together."""
RECONSIDERED_EVERY = 10
"""Updates after which the number of synergies is chosen anew."""
SWEEPS = 30
"""A factorisation that starts from the last one needs no more."""
_LEAST_PEAK = 1e-3
_LEAST_PRIMITIVE = 1e-3


class OnlineSynergies:
    """Keeps the synergies in force.

    Parameters
    ----------
    recorded
        Which muscles have electrodes, shape [muscle].
    settings
        How many synergies, and how eq. 5 weighs.
    device
        Where to compute.
    unmeasured
        Whether muscles without electrodes are left alone: nothing drives them, nothing is refined.
    """

    def __init__(
        self,
        recorded: NDArray[np.bool_],
        settings: HybridSettings,
        device: str = "cpu",
        unmeasured: bool = False,
    ) -> None:
        self._unmeasured = unmeasured
        self._recorded = recorded
        self._settings = settings
        self._device = device
        self._learnt = -1
        self.found: SynergyWeights | None = None
        """The synergies in force; None before there are any."""

    def learn(self, rows: PairedRows) -> None:
        """Factorise the excitations of those rows in which every electrode was believed.

        While the newest is not such a row, the synergies stay as they are.
        """
        whole = np.asarray(rows.measured[:, self._recorded].all(axis=1))
        if not whole[-1] or whole.sum() < LEAST_ROWS:
            return
        excitation = rows.excitation[whole][:, self._recorded].T
        peak = np.maximum(excitation.max(axis=1), _LEAST_PEAK)
        unit = np.full(len(self._recorded), peak.mean())
        unit[self._recorded] = peak
        scaled = torch.as_tensor(
            excitation / peak[:, None], dtype=torch.float32, device=self._device
        )
        self.found = self._completed(self._factorised(scaled, unit), unit)

    def _factorised(self, scaled: Tensor, unit: NDArray[np.float64]) -> Tensor:
        """Return weights of the recorded muscles, close to the ones in force where those do."""
        least, count = self._settings.min_vaf, self._settings.count
        self._learnt += 1
        if self.found is not None and self._learnt % RECONSIDERED_EVERY:
            kept = (self.found.weights / unit[:, None])[self._recorded]
            weights = torch.as_tensor(kept, dtype=scaled.dtype, device=scaled.device)
            primitives = _projected(weights, scaled, torch.ones_like(scaled)).clamp_min(
                _LEAST_PRIMITIVE
            )
            warm = Synergies(weights.clamp_min(0.0), primitives)
            found = factorise(scaled, weights.shape[1], warm, SWEEPS)
            if float(variance_accounted_for(scaled, found)) >= least:
                return found.weights
        if count is not None:
            return synergies_for(scaled, least, count).weights
        return foretelling_synergies(scaled, least).weights

    def _completed(self, weights: Tensor, unit: NDArray[np.float64]) -> SynergyWeights:
        """Return the weights of all muscles: those without electrodes keep theirs."""
        known = weights.cpu().double().numpy()
        share = 0.0 if self._unmeasured else self._settings.first_weight
        whole = np.tile(share * known.mean(axis=0), (len(unit), 1))
        if self.found is not None and self.found.weights.shape == whole.shape:
            whole = self.found.weights / unit[:, None]
        whole[self._recorded] = known
        return SynergyWeights(whole * unit[:, None], unit)

    def search(self, trials: Trials, rate: float) -> Search | None:
        """Begin to refine weights and primitives, or return None where there is nothing to.

        Parameters
        ----------
        rate
            AdamW's learning rate.
        """
        if trials.measured is None or self.found is None or self._unmeasured:
            return None
        return Search(trials, trials.measured, self.found, self._settings, rate)


class Search:
    """Weights and primitives of the trials of one update, moved beside the muscles' parameters.

    Parameters
    ----------
    trials, measured
        The data, and which of its excitations were recorded.
    start
        Synergies to begin with.
    settings
        How eq. 5 weighs.
    rate
        AdamW's learning rate.
    """

    def __init__(
        self,
        trials: Trials,
        measured: Tensor,
        start: SynergyWeights,
        settings: HybridSettings,
        rate: float,
    ) -> None:
        self._excitation, self._measured, self._settings = trials.excitation, measured, settings
        self._unit = torch.as_tensor(start.unit).to(trials.excitation)
        relative = torch.as_tensor(start.weights).to(trials.excitation) / self._unit[:, None]
        scaled = trials.excitation / self._unit[:, None]
        primitives = _projected(relative, scaled, measured.to(scaled.dtype)).clamp_min(0.0)
        self._parts = [(part / UNIT).requires_grad_() for part in (relative, primitives)]
        self._optimiser, self._rate = AdamW(self._parts), rate

    def _synergies(self) -> Synergies:
        weights, primitives = self._parts
        return Synergies(UNIT * self._unit[:, None] * weights, UNIT * primitives)

    def excitation(self) -> Tensor:
        """Return what drives the muscles, differentiable in weights and primitives."""
        return driven(self._synergies().excitation(), self._excitation, self._measured)

    def penalty(self) -> Tensor:
        """Return what eq. 5 adds to the loss."""
        return synergy_penalty(
            self._synergies(), self._excitation, self._measured, self._unit, self._settings
        )

    def step(self) -> None:
        """Move down the gradient that the loss's backward pass has left."""
        self._optimiser.step(*(self._rate for _ in self._parts))

    def found(self) -> SynergyWeights:
        """Return the weights it has come to."""
        weights = self._synergies().weights.detach().clamp_min(0.0)
        return SynergyWeights(weights.cpu().double().numpy(), self._unit.cpu().double().numpy())


def resynthesised(trials: Trials, synergies: SynergyWeights | None) -> Trials:
    """Return trials whose excitations without electrode are what the live path makes of them."""
    if trials.measured is None or synergies is None:
        return trials
    by_row = trials.excitation.transpose(-2, -1)
    shape = by_row.shape
    rows = by_row.reshape(-1, shape[-1]).cpu().double().numpy()
    known = trials.measured.transpose(-2, -1).reshape(rows.shape).cpu().numpy()
    filled = torch.as_tensor(Synthesis(synergies).fill(rows, known)).to(trials.excitation)
    return trials._replace(excitation=filled.view(shape).transpose(-2, -1).contiguous())


def _projected(weights: Tensor, excitation: Tensor, known: Tensor) -> Tensor:
    """Return the least-squares primitives of what is known, shape [..., synergy, time].

    Parameters
    ----------
    weights
        Shape [muscle, synergy].
    excitation, known
        Shape [..., muscle, time]; what is not known (0) is not looked at.
    """
    gram = torch.einsum("mk,...mt,ml->...tkl", weights, known, weights)
    ridge = RIDGE * weights.square().sum(0).mean().clamp_min(_LEAST_PEAK)
    gram = gram + ridge * torch.eye(weights.shape[1]).to(weights)
    wanted = torch.einsum("mk,...mt->...tk", weights, known * excitation)
    solved: Tensor = torch.linalg.solve(gram, wanted)
    return solved.transpose(-2, -1)
