"""Where a calibration on recordings begins: the person, their delay, the trials so delayed."""

from __future__ import annotations

import math
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
from pipeline.calibrate.batch.side_by_side import side_by_side
from pipeline.calibrate.delay import Delays, with_delay
from pipeline.calibrate.loss import Trials
from pipeline.calibrate.offline import DescentSettings, objective_value
from pipeline.calibrate.start import Start, Stranger, find_starts, shifted_tendons
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


class Opening(NamedTuple):
    """What is known of a person before a start is searched, or instead of it."""

    space: ParameterSpace
    known: Delays
    trials: Trials
    """The data, excitations without any delay beyond the envelope's."""
    driven: Trials
    """The same, to be searched on."""
    rate_hz: float
    start: Start | None
    """Where the set-up's subject begins; None where a start is to be searched."""

    @property
    def stranger(self) -> Stranger:
        """The person as the search takes them."""
        return Stranger(self.space, self.known)

    def begun(self, start: Start) -> Beginning:
        """Return the beginning at a start."""
        subject = self.known.told(self.space.subject(start.vector), start.delay_s)
        trials = with_delay(self.trials, start.delay_s * self.rate_hz)
        return Beginning(self.space, start.vector, subject, trials)


def opening(
    config: Config, trials: Trials, learnt: Sequence[RecordedRows], synthesised: bool = False
) -> Opening:
    """Return what is known of a person before a start is searched.

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
    subject, rate_hz = starting_subject(config, model), config.model.rate_hz
    known = delays(config, subject)
    space = parameter_space(config, prior_of(config, model, subject), device)
    if config.model.subject is not None:
        start = Start(space.vector(subject), known.left(subject), math.inf)
        return Opening(space, known, trials, trials, rate_hz, start)
    lengths = np.concatenate([recorded.rows.length for recorded in learnt])
    space = space.around(shifted_tendons(space.prior, lengths))
    driven = _synthesised(config, trials, learnt) if synthesised else trials
    return Opening(space, known, trials, driven, rate_hz, None)


def beginnings(openings: Sequence[Opening], settings: DescentSettings) -> list[Beginning]:
    """Find the starts of people of whom nothing is known, or take their set-ups' subjects.

    Parameters
    ----------
    openings
        The people; where there are several, their spaces have the same parameters, and they begin
        at as many starts.
    """
    unknown = [one for one in openings if one.start is None]
    found = iter(_searched(unknown, settings) if unknown else ())
    return [one.begun(one.start or next(found)) for one in openings]


def _searched(openings: Sequence[Opening], settings: DescentSettings) -> list[Start]:
    data = side_by_side([one.driven for one in openings])
    real = data.for_starts().real

    def loss(output: Output, batch: Trials, scale: Tensor, vectors: Tensor) -> Tensor:
        return objective_value(output, batch, scale, vectors, settings, real)

    return find_starts([one.stranger for one in openings], data, openings[0].rate_hz, loss)


def _synthesised(config: Config, trials: Trials, learnt: Sequence[RecordedRows]) -> Trials:
    """Return trials in which a first guess of synergies drives the muscles without electrode."""
    rows = PairedRows.joined([recorded.rows for recorded in learnt])
    recorded = recorded_muscles(config, unknown_person(config, model_in_use(config)))
    online = OnlineSynergies(recorded, HybridSettings(count=config.synergies.count))
    online.learn(rows)
    return resynthesised(trials, online.found)
