"""Where a calibration on recordings begins: the person, their delay, the trials so delayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from torch import Tensor

from daemon.assembly.calibrator import compute_device, delays, parameter_space, recorded_muscles
from daemon.assembly.model import model_in_use
from daemon.assembly.subject import prior_of, starting_subject, unknown_person
from daemon.config import Config
from daemon.offline.rows import RecordedRows
from pipeline.calibrate.delay import with_delay
from pipeline.calibrate.loss import Trials
from pipeline.calibrate.offline import DescentSettings, objective_value
from pipeline.calibrate.start import find_start, shifted_tendons
from pipeline.calibrate.synergy.hybrid import HybridSettings
from pipeline.calibrate.synergy.online import OnlineSynergies, resynthesised
from pipeline.model.nms import Output
from pipeline.model.parameters import ParameterSpace
from pipeline.model.subject import Subject
from pipeline.timebase.rows import PairedRows


class Beginning(NamedTuple):
    """What a descent begins with."""

    space: ParameterSpace
    vector: Tensor
    subject: Subject
    """Whom it begins with, their delay included."""
    trials: Trials
    """Excitations delayed by the person's delay."""

    def person(self, vector: Tensor) -> Subject:
        """Return the person at a vector, with the delay that it was found with."""
        return replace(self.space.subject(vector), delay_s=self.subject.delay_s)


def beginning(
    config: Config,
    trials: Trials,
    learnt: Sequence[RecordedRows],
    settings: DescentSettings,
    synthesised: bool = False,
) -> Beginning:
    """Find the start of a person of whom nothing is known, or take the set-up's subject.

    Parameters
    ----------
    trials
        The data, excitations without any delay beyond the envelope's.
    learnt
        Where the trials come from; they have the postures.
    synthesised
        Whether synergies drive the muscles without electrode.
    """
    model, device = model_in_use(config), compute_device(config)
    start, rate_hz = starting_subject(config, model), config.model.rate_hz
    known = delays(config, start)
    space = parameter_space(config, prior_of(config, model, start), device)
    if config.model.subject is not None:
        delay_s = known.left(start)
        vector = space.vector(start)
    else:
        lengths = np.concatenate([recorded.rows.length for recorded in learnt])
        space = space.around(shifted_tendons(space.prior, lengths))
        driven = _synthesised(config, trials, learnt) if synthesised else trials

        def loss(output: Output, batch: Trials, scale: Tensor, vectors: Tensor) -> Tensor:
            return objective_value(output, batch, scale, vectors, settings)

        found = find_start(space, driven, rate_hz, loss, known)
        delay_s, vector = found.delay_s, found.vector
    subject = known.told(space.subject(vector), delay_s)
    return Beginning(space, vector, subject, with_delay(trials, delay_s * rate_hz))


def _synthesised(config: Config, trials: Trials, learnt: Sequence[RecordedRows]) -> Trials:
    """Return trials in which a first guess of synergies drives the muscles without electrode."""
    rows = PairedRows.joined([recorded.rows for recorded in learnt])
    recorded = recorded_muscles(config, unknown_person(config, model_in_use(config)))
    online = OnlineSynergies(recorded, HybridSettings(count=config.synergies.count))
    online.learn(rows)
    return resynthesised(trials, online.found)
