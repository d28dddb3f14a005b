"""The start of a calibration: a person of whom nothing is known, found from several sides at once.

Before the first step the tendons are made as long as the postures ask for, and all muscles as
strong as the moments do. From there several starts, which differ in delay and in how loud the EMG
is, are descended together as one batch, the electromechanical delay with them; the best goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.adamw import AdamW
from pipeline.calibrate.delay import Delays, delayed
from pipeline.calibrate.loss import Trials, moment_scale
from pipeline.model.delay import USUAL_DELAY_S
from pipeline.model.nms import Output, simulate
from pipeline.model.parameters import ParameterSpace
from pipeline.model.subject import Subject
from pipeline.shapes import Float

Array = NDArray[np.float64]
Loss = Callable[[Output, Trials, Tensor, Tensor], Tensor]
"""Of an output, its trials, the reference's spread and the vectors; one value for each vector."""

FIBRE_RANGE = (0.5, 1.4)
"""Normalised fibre length within which a muscle works over the postures seen."""
STIFF = ("c1", "c2")
STIFFNESS = 0.25
"""Pull of the activation's coefficients towards the usual while the delay is found: slower
activation smooths the EMG's noise away, which a shorter delay would then have to make up for."""
_TAUT = 1.02
"""Length of a tendon that is pulled, over its slack length."""
DELAY_DEVIATION_S = 0.04
"""How far people are from the usual delay, s; the pull is weak."""
_DELAY_WEIGHT = 0.1
_FIRST_DELAYS_S = (0.05, 0.08, 0.11)
_WIDE = 4.5
"""Ratio of the bounds of the gain from which on it is begun with at three places, not one."""


@dataclass(frozen=True)
class StartSettings:
    """How the search for a start works; docs/calibration.md says where the figures come from."""

    steps: int = 80
    learning_rate: float = 0.1
    delay_rate_s: float = 0.003
    """Step of the delay, s."""
    last: float = 0.1
    """What the rates fall to, as a fraction."""
    pull: float = 1.0
    """Weight of what pulls delay and activation dynamics towards the usual; a loss that counts an
    error by its logarithm needs more than one that counts it as it is."""


class Start(NamedTuple):
    """Where a calibration goes on from."""

    vector: Tensor
    delay_s: float
    """What is left of the electromechanical delay after the envelope's own."""
    loss: float


def shifted_tendons(prior: Subject, lengths: Array) -> Subject:
    """Return a person whose fibres work within `FIBRE_RANGE`, moved by the least.

    Where a muscle's excursion is longer than the range, it is put in the middle.

    Parameters
    ----------
    lengths
        Muscle-tendon lengths of the postures seen, m, shape [n, muscle].
    """
    low, high = FIBRE_RANGE
    fibre = (lengths - _TAUT * prior.tendon_slack_length) / prior.optimal_fibre_length
    shortest, longest = fibre.min(axis=0), fibre.max(axis=0)
    longer, shorter = np.maximum(low - shortest, 0.0), np.maximum(longest - high, 0.0)
    too_long = longest - shortest > high - low
    change = np.where(too_long, (low + high - shortest - longest) / 2.0, longer - shorter)
    slack = prior.tendon_slack_length - change * prior.optimal_fibre_length / _TAUT
    least = 0.5 * prior.tendon_slack_length
    return prior.with_values({"tendon_slack_length": np.maximum(slack, least)})


def find_start(
    space: ParameterSpace,
    trials: Trials,
    rate_hz: float,
    loss: Loss,
    delays: Delays,
    known: Start | None = None,
    settings: StartSettings | None = None,
) -> Start:
    """Return the best of several starts after a short descent.

    Parameters
    ----------
    space
        The parameters, around the person before data.
    trials
        The data, excitations without any delay beyond the envelope's.
    rate_hz
        Rate of the model's time grid, Hz.
    loss
        What is minimised.
    delays
        What is known of the electromechanical delay.
    known
        A start to begin with beside the others.
    """
    settings = settings or StartSettings()
    vectors, steps = _first(space, trials, rate_hz, delays)
    if known is not None:
        vectors = torch.cat((vectors, known.vector[None].to(vectors)))
        steps = torch.cat((steps, steps.new_tensor([known.delay_s * rate_hz])))
    descent = _Descent(vectors, steps, rate_hz, delays, settings)
    batch, scale, guess, stiff = _batched(trials), moment_scale(trials), None, _stiff(space)
    for step in range(settings.steps + 1):
        output = simulate(
            space.parameters(descent.vectors[:, None]),
            delayed(batch.excitation, descent.steps),
            batch.length,
            batch.moment_arm,
            1.0 / rate_hz,
            guess=guess,
        )
        guess = output.w.detach()
        error = loss(output, batch, scale, descent.vectors)
        value = error + settings.pull * descent.unusual(stiff)
        descent.keep_best(value.detach())
        if step < settings.steps:
            descent.go_on(value, step / settings.steps)
    return descent.best()


class _Descent:
    """Starts that descend together: a vector and a delay each, and the best they have come to."""

    def __init__(
        self,
        vectors: Tensor,
        steps: Tensor,
        rate_hz: float,
        delays: Delays,
        settings: StartSettings,
    ) -> None:
        self.vectors = vectors.requires_grad_()
        self.steps = steps.requires_grad_()
        """Delays, grid steps, within the limits."""
        self._rate_hz, self._delays, self._settings = rate_hz, delays, settings
        self._rates = settings.learning_rate, settings.delay_rate_s * rate_hz
        self._optimiser = AdamW((self.vectors, self.steps))
        at = vectors.detach().clone()
        self._best = at, torch.zeros_like(at[:, 0]), torch.full_like(at[:, 0], np.inf)

    def unusual(self, stiff: Tensor) -> Float[Tensor, " start"]:
        """Return the pull towards usual activation, and towards a usual delay if it is free."""
        pull = STIFFNESS * self.vectors[:, stiff].square().mean(-1)
        least, longest = self._delays.range_s
        if least == longest:
            return pull
        whole = self.steps / self._rate_hz + self._delays.envelope_s
        return pull + _DELAY_WEIGHT * ((whole - USUAL_DELAY_S) / DELAY_DEVIATION_S).square()

    def keep_best(self, values: Tensor) -> None:
        """Keep for each start where it is, if that is the best it has come to."""
        vectors, delays_s, losses = self._best
        better = values < losses
        self._best = (
            torch.where(better.unsqueeze(-1), self.vectors.detach(), vectors),
            torch.where(better, self.steps.detach() / self._rate_hz, delays_s),
            torch.where(better, values, losses),
        )

    def go_on(self, values: Tensor, done: float) -> None:
        """Take a step; `done` is the fraction of all steps before it, by which the rates fall."""
        values.nan_to_num(0.0, 0.0, 0.0).sum().backward()  # type: ignore[no-untyped-call]
        self._optimiser.step(*(rate * self._settings.last**done for rate in self._rates))
        least, longest = (limit * self._rate_hz for limit in self._delays.range_s)
        with torch.no_grad():
            self.steps.clamp_(least, longest)

    def best(self) -> Start:
        """Return the best of all."""
        vectors, delays_s, losses = self._best
        starts = map(Start, vectors, delays_s.tolist(), losses.tolist())
        return min(starts, key=lambda start: start.loss)


def _stiff(space: ParameterSpace) -> Tensor:
    """Return the places of the parameters that are pulled by `STIFFNESS`."""
    places = [place for kind in space.kinds() if kind.name in STIFF for place in kind.places]
    return torch.tensor(places, dtype=torch.int64, device=space.zeros().device)


def _batched(trials: Trials) -> Trials:
    """Return the trials with a leading dimension of one, for vectors to broadcast over."""
    return Trials._make(part.unsqueeze(0) if isinstance(part, Tensor) else part for part in trials)


def _first(
    space: ParameterSpace, trials: Trials, rate_hz: float, delays: Delays
) -> tuple[Float[Tensor, "start parameter"], Float[Tensor, " start"]]:
    """Return the starts: places between the bounds of the gain, delays, and a fitting strength."""
    left_s = [float(np.clip(d - delays.envelope_s, *delays.range_s)) for d in _FIRST_DELAYS_S]
    vectors, steps = [], []
    for gain in _gains(space):
        person = space.prior.with_values({"gain": gain * np.ones(len(space.prior.muscles))})
        for delay_s in sorted(set(left_s)):
            by = torch.as_tensor(delay_s * rate_hz).to(trials.excitation)
            vectors.append(_as_strong_as_the_moments(space, person, trials, by, rate_hz))
            steps.append(by)
    return torch.stack(vectors), torch.stack(steps)


def _gains(space: ParameterSpace) -> list[float]:
    low, high = space.bounds("gain") or (1.0, 1.0)
    if high / low < _WIDE:
        return [float(space.prior.gain[0])]
    return [float(low * (high / low) ** part) for part in (0.2, 0.5, 0.8)]


def _as_strong_as_the_moments(
    space: ParameterSpace, person: Subject, trials: Trials, steps: Tensor, rate_hz: float
) -> Tensor:
    """Return the vector of a person whose strengths have one scale, by least squares."""
    vector = space.vector(person)
    with torch.no_grad():
        excitation = delayed(trials.excitation, steps)
        output = simulate(space.parameters(vector), excitation, *trials[1:3], 1.0 / rate_hz)
        weight = trials.weight / moment_scale(trials)[:, None].square()
        fit = (weight * output.moment * trials.moment).sum()
        size = (weight * output.moment.square()).sum()
        scale = float(fit / size) if float(size) > 0 else 1.0
    low, high = space.bounds("strength") or (1.0, 1.0)
    strength = np.clip(scale, low, high) * person.strength
    return space.vector(person.with_values({"strength": strength}))
