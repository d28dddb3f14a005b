"""The start of a calibration: a person of whom nothing is known, found from several sides at once.

Before the first step the tendons are made as long as the postures ask for, and all muscles as
strong as the moments do. From there several starts, which differ in delay and in how loud the EMG
is, are descended together as one batch, the electromechanical delay with them; the best goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.adamw import AdamW
from pipeline.calibrate.batch.side_by_side import Together, alone
from pipeline.calibrate.delay import Delays, delayed
from pipeline.calibrate.loss import Trials, moment_scale
from pipeline.model.delay import USUAL_DELAY_S
from pipeline.model.nms import Output, simulate
from pipeline.model.parameters import ParameterSpace, SpacesTogether
from pipeline.model.subject import Subject
from pipeline.model.trajectory import Apart
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
    first: int = 20
    """Steps after which starts are left alone, but for those that have come lowest."""
    kept: int = 4
    """How many go on. Of 60 simulated people's nine starts the best is among these, or one within
    2.4 % of it, in all; of three it was not in 3."""
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
    stranger = Stranger(space, delays, known)
    return find_starts([stranger], alone(trials), rate_hz, loss, settings)[0]


class Stranger(NamedTuple):
    """A person of whom nothing is known, to be searched for."""

    space: ParameterSpace
    """The parameters, around the person before data."""
    delays: Delays
    """What is known of the electromechanical delay."""
    known: Start | None = None
    """A start to begin with beside the others."""

    def beginnings(self) -> list[tuple[Subject, float]]:
        """Return the starts: places between the bounds of the gain, each with delays left, s."""
        prior = self.space.prior
        left_s = {
            float(np.clip(d - self.delays.envelope_s, *self.delays.range_s))
            for d in _FIRST_DELAYS_S
        }
        people = [
            prior.with_values({"gain": gain * np.ones(len(prior.muscles))})
            for gain in _gains(self.space)
        ]
        return [(person, delay_s) for person in people for delay_s in sorted(left_s)]


def find_starts(
    strangers: Sequence[Stranger],
    data: Together,
    rate_hz: float,
    loss: Loss,
    settings: StartSettings | None = None,
) -> list[Start]:
    """Return of each of several people what `find_start` returns of one.

    Parameters
    ----------
    strangers
        The people; their spaces have the same parameters, and they begin at as many starts.
    data
        Their data, excitations without any delay beyond the envelope's.
    rate_hz
        Rate of the model's time grid, Hz.
    loss
        What is minimised, of tensors of shape [member, start, ...].
    """
    settings = settings or StartSettings()
    spaces = SpacesTogether([stranger.space for stranger in strangers])
    (trials, real), guess = data.for_starts(), None
    vectors, steps = _first(strangers, spaces, Together(trials, real), rate_hz)
    limits = Limits.of([stranger.delays for stranger in strangers], rate_hz, steps)
    descent = _Descent(vectors, steps, limits, settings)
    scale, stiff = moment_scale(trials), _stiff(strangers[0].space)
    for step in range(settings.steps + 1):
        output = simulate(
            spaces.parameters(descent.vectors[:, :, None]),
            delayed(trials.excitation, descent.steps),
            trials.length,
            trials.moment_arm,
            1.0 / rate_hz,
            guess=guess,
            apart=Apart(1, real),
        )
        guess = output.w.detach()
        error = loss(output, trials, scale, descent.vectors)
        value = error + settings.pull * descent.unusual(stiff)
        descent.keep_best(value.detach())
        if step < settings.steps:
            descent.go_on(value, step / settings.steps)
        if step == settings.first:
            guess = descent.go_on_with(settings.kept, guess)
    return descent.best()


class Limits(NamedTuple):
    """Between what the delays of several people lie, each of shape [member, 1], grid steps."""

    least: Tensor
    longest: Tensor
    envelope_s: Tensor
    """What is behind the excitations already, s."""
    free: Tensor
    """Whether a delay is to be found, one or zero."""
    rate_hz: float

    @classmethod
    def of(cls, delays: Sequence[Delays], rate_hz: float, like: Tensor) -> Limits:
        """Return the limits; `like` has their type and device."""
        ends = [known.range_s for known in delays]

        def column(values: Sequence[float]) -> Tensor:
            return like.new_tensor(values).unsqueeze(-1)

        return cls(
            column([least * rate_hz for least, _ in ends]),
            column([longest * rate_hz for _, longest in ends]),
            column([known.envelope_s for known in delays]),
            column([float(least != longest) for least, longest in ends]),
            rate_hz,
        )


class _Descent:
    """Starts that descend together: a vector and a delay each, and the best they have come to."""

    def __init__(
        self,
        vectors: Float[Tensor, "member start parameter"],
        steps: Float[Tensor, "member start"],
        limits: Limits,
        settings: StartSettings,
    ) -> None:
        self._best = vectors.clone(), torch.zeros_like(steps), torch.full_like(steps, np.inf)
        self.vectors = vectors.requires_grad_()
        self.steps = steps.requires_grad_()
        """Delays, grid steps, within the limits."""
        self._limits, self._settings = limits, settings
        self._rates = settings.learning_rate, settings.delay_rate_s * limits.rate_hz
        self._optimiser = AdamW((self.vectors, self.steps))

    def unusual(self, stiff: Tensor) -> Float[Tensor, "member start"]:
        """Return the pull towards usual activation, and towards a usual delay if it is free."""
        limits = self._limits
        pull = STIFFNESS * self.vectors[..., stiff].square().mean(-1)
        whole = self.steps / limits.rate_hz + limits.envelope_s
        far = ((whole - USUAL_DELAY_S) / DELAY_DEVIATION_S).square()
        return pull + _DELAY_WEIGHT * limits.free * far

    def keep_best(self, values: Float[Tensor, "member start"]) -> None:
        """Keep for each start where it is, if that is the best it has come to."""
        now = self.vectors.detach(), self.steps.detach() / self._limits.rate_hz, values
        vectors, delays_s, losses = self._best
        better = values < losses
        self._best = (
            torch.where(better.unsqueeze(-1), now[0], vectors),
            torch.where(better, now[1], delays_s),
            torch.where(better, values, losses),
        )

    def go_on(self, values: Tensor, done: float) -> None:
        """Take a step; `done` is the fraction of all steps before it, by which the rates fall."""
        values.nan_to_num(0.0, 0.0, 0.0).sum().backward()  # type: ignore[no-untyped-call]
        self._optimiser.step(*(rate * self._settings.last**done for rate in self._rates))
        with torch.no_grad():  # a delay of a start that is lost stays a number: it is an index
            self.steps.nan_to_num_(0.0).clamp_(self._limits.least, self._limits.longest)

    @torch.no_grad()
    def go_on_with(self, count: int, guess: Tensor) -> Tensor:
        """Leave each member's lowest starts alone; return what of `guess` is theirs."""
        losses = self._best[-1]
        lowest = losses.topk(min(count, losses.shape[1]), largest=False).indices

        def chosen(values: Tensor) -> Tensor:
            inner = [1] * (values.dim() - lowest.dim())
            return torch.take_along_dim(values, lowest.view(*lowest.shape, *inner), 1)

        vectors, delays_s, losses = map(chosen, self._best)
        self._best = vectors, delays_s, losses
        self.vectors, self.steps = chosen(self.vectors), chosen(self.steps)
        parts = self.vectors.requires_grad_(), self.steps.requires_grad_()
        self._optimiser = self._optimiser.of(parts, chosen)
        return chosen(guess)

    def best(self) -> list[Start]:
        """Return the best of all, of each member."""
        vectors, delays_s, losses = self._best
        columns = zip(vectors, delays_s.tolist(), losses.tolist(), strict=True)
        return [min(map(Start, *starts), key=lambda start: start.loss) for starts in columns]


def _stiff(space: ParameterSpace) -> Tensor:
    """Return the places of the parameters that are pulled by `STIFFNESS`."""
    places = [place for kind in space.kinds() if kind.name in STIFF for place in kind.places]
    return torch.tensor(places, dtype=torch.int64, device=space.zeros().device)


def _first(
    strangers: Sequence[Stranger], spaces: SpacesTogether, data: Together, rate_hz: float
) -> tuple[Float[Tensor, "member start parameter"], Float[Tensor, "member start"]]:
    """Return where each begins, as strong as the moments are, and the delays, grid steps."""
    begun = [stranger.beginnings() for stranger in strangers]
    like = data.trials.excitation
    steps = like.new_tensor([[delay_s * rate_hz for _, delay_s in starts] for starts in begun])
    vectors = [
        torch.stack([stranger.space.vector(person) for person, _ in starts])
        for stranger, starts in zip(strangers, begun, strict=True)
    ]
    scales = _fitting_scales(spaces, torch.stack(vectors), steps, data, rate_hz).tolist()
    strong = [
        _with_known(
            stranger, [_stronger(stranger.space, *one) for one in zip(starts, by, strict=True)]
        )
        for stranger, starts, by in zip(strangers, begun, scales, strict=True)
    ]
    known = [[one.known.delay_s * rate_hz] if one.known else [] for one in strangers]
    return torch.stack(strong), torch.cat((steps, steps.new_tensor(known)), 1)


def _with_known(stranger: Stranger, vectors: list[Tensor]) -> Tensor:
    known = [stranger.known.vector.to(vectors[0])] if stranger.known else []
    return torch.stack(vectors + known)


def _gains(space: ParameterSpace) -> list[float]:
    low, high = space.bounds("gain") or (1.0, 1.0)
    if high / low < _WIDE:
        return [float(space.prior.gain[0])]
    return [float(low * (high / low) ** part) for part in (0.2, 0.5, 0.8)]


@torch.no_grad()
def _fitting_scales(
    spaces: SpacesTogether, vectors: Tensor, steps: Tensor, data: Together, rate_hz: float
) -> Float[Tensor, "member start"]:
    """Return by how much all strengths are to be scaled, by least squares."""
    trials, real = data
    output = simulate(
        spaces.parameters(vectors[:, :, None]),
        delayed(trials.excitation, steps),
        trials.length,
        trials.moment_arm,
        1.0 / rate_hz,
        apart=Apart(2, real),
    )
    weight = trials.weight / moment_scale(trials)[..., None, :, None].square()
    fit = (weight * output.moment * trials.moment).sum((-3, -2, -1))
    size = (weight * output.moment.square()).sum((-3, -2, -1))
    return torch.where(size > 0, fit / size, 1.0)


def _stronger(space: ParameterSpace, begun: tuple[Subject, float], scale: float) -> Tensor:
    """Return the vector of a person whose strengths have one scale, within the bounds."""
    person = begun[0]
    low, high = space.bounds("strength") or (1.0, 1.0)
    strength = np.clip(scale, low, high) * person.strength
    return space.vector(person.with_values({"strength": strength}))
