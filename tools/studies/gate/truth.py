"""The true error of a set of parameters: on much movement that nobody learns from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from daemon.config import Config
from daemon.simulation.person.tiring import Tiring
from pipeline.calibrate.delay import Delays, with_delay
from pipeline.calibrate.loss import Trials, moment_error, moment_scale
from pipeline.calibrate.window import Window
from pipeline.model.nms import parameters_of, simulate
from pipeline.model.subject import Subject
from pipeline.timebase.rows import PairedRows
from tools.studies.gate.people import Evaluation, known
from tools.studies.people.truth import true_parameters

SETTLED_S, TRIAL_S = 2.0, 2.0
"""What is left out at the start, while envelope and baseline settle, and how long trials are, s."""


class Truth:
    """Scores sets by what a person's muscles do on a stretch that nobody has learnt from.

    Parameters
    ----------
    config
        The person.
    evaluation
        The stretch.
    delays
        What is known of the delay; its `envelope_s` is behind the rows.
    """

    def __init__(self, config: Config, evaluation: Evaluation, delays: Delays) -> None:
        self._rate_hz, self._delays = config.model.rate_hz, delays
        self._settle = round(config.calibrator.burn_in_s * self._rate_hz)
        self._tiring = Tiring(config)
        self._evaluation = evaluation
        rested = self._trials(evaluation.rows)
        self._scale = moment_scale(rested)
        self._rested = rested
        self._tired: tuple[float, Trials] | None = None
        """As tired as at a time, s, at which the person was looked at last."""

    def _trials(self, rows: PairedRows) -> Trials:
        window = Window(len(rows.t), self._rate_hz, self._settle)
        window.add(rows)
        first = round(SETTLED_S * self._rate_hz)
        length = round(TRIAL_S * self._rate_hz)
        return window.trials(first, len(rows.t), length, torch.zeros(()))

    def _trials_at(self, t: float) -> Trials:
        """Return the stretch as the person would live it at `t`, s, as tired as they are then."""
        left = self._tiring.strength(np.array([t]))[0]
        if not (left < 1.0).any():
            return self._rested
        if self._tired is None or self._tired[0] != t:
            rows, force = self._evaluation
            lost = np.einsum("tdm,tm->td", rows.moment_arm, (1.0 - left) * force)
            self._tired = t, self._trials(rows._replace(moment=rows.moment - lost))
        return self._tired[1]

    def error(self, subject: Subject, t: float = 0.0) -> float:
        """Return the relative error of a set, with its own delay, at a time of the session, s."""
        steps = self._delays.left(subject) * self._rate_hz
        trials = with_delay(self._trials_at(t), steps)
        parameters = parameters_of(subject, trials.excitation.dtype)
        with torch.no_grad():
            output = simulate(parameters, *trials[:3], 1.0 / self._rate_hz)
            return float(moment_error(output, trials, self._scale).sum())


def truly(config: Config) -> Subject:
    """Return the person that the lab hides, in the calibrator's own parameters."""
    start = known(config)
    values = {name: value.copy() for name, value in start.values().items()}
    for name, true in true_parameters(config).items():
        for muscle, value in true.items():
            values[name][start.muscles.index(muscle)] = value
    delay_s = config.simulation.electromechanical_delay_s
    return replace(start.with_values(values), delay_s=delay_s)
