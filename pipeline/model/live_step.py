"""One sample of the model in plain arrays: `simulate` for a live tick, recorded on a tape.

What it computes is what `simulate` does with a window of one sample that follows on a state, to
rounding: it is recorded from the same functions. Newton's loop is here, as a tape takes no
decisions; where it does not get there in a few passes, it says so and leaves the sample to
`simulate`, which has all the safeguards.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.model.activation import ActivationState
from pipeline.model.contraction import (
    Contraction,
    Given,
    elastic_part,
    places_of,
    put_together,
    rigid_part,
)
from pipeline.model.equilibrium import ForceBalance, step_rate
from pipeline.model.inputs import Inputs
from pipeline.model.muscle_states import muscle_states
from pipeline.model.nms import TENSORS, Parameters, State, activated, muscles_of, outcome
from pipeline.model.stiffness import stiffness_of
from pipeline.model.tape import Tape
from pipeline.model.trajectory import (
    LEAST_STEEPNESS,
    MAX_STEP,
    Report,
    Trajectory,
    newton_step,
    tolerance,
)

Array = NDArray[np.float64]

MOST_PASSES = 8
"""Newton iterations after which a sample is left to `simulate`."""
_LIMIT = tolerance(torch.float64)


class Sample(NamedTuple):
    """What the model gives for one sample; the arrays are the caller's to keep."""

    moment: Array
    """By each parameter set, N*m, shape [set, dof]."""
    stiffness: Array
    """Of the joints by the first set, N*m/rad, shape [dof]."""
    muscles: Array
    """The table of `muscle_states` by the first set, shape [row, muscle]."""
    state: Array
    """What is remembered, as `packed` has it."""


_LENGTH_OF_STATE = 9
"""Memories of the activation, w, its change; then activation, muscle-tendon length and how w goes
with each of them and with itself a sample before, for the next guess."""


def packed(state: State) -> Array:
    """Return a state of the model as one array, shape [9, set, muscle, 1]."""
    after = np.zeros((_LENGTH_OF_STATE, *state.w.shape))
    for place, part in enumerate((*state.activation, state.w, state.drift)):
        after[place] = part.numpy()
    after[-1] = 1.0  # of the rest nothing is known: the state goes on as it went
    return after


def unpacked(state: Array) -> State:
    """Return a state that was `packed`."""
    first, second, w, drift = torch.from_numpy(state[:4]).unbind()
    return State(ActivationState(first, second), w, drift)


class LiveStep:
    """The model for samples that follow one on the other, by some parameter sets side by side.

    Parameters
    ----------
    parameters
        The sets, each tensor of shape [set, muscle, 1].
    n_dofs
        Number of joints.
    step_s
        Interval of the time grid, s.
    """

    def __init__(self, parameters: Parameters, n_dofs: int, step_s: float) -> None:
        self.n_dofs = n_dofs
        self._kind = parameters.curves, parameters.rigid
        self._tape = tape = Tape()
        sets, n_muscles, _ = parameters.optimal_fibre_length.shape
        own: dict[str, Any] = {name: tape.setting(getattr(parameters, name)) for name in TENSORS}
        state = tape.input(_LENGTH_OF_STATE, sets, n_muscles, 1)
        given = [
            tape.input(*shape) for shape in 2 * [(n_muscles, 1)] + 2 * [(n_dofs, n_muscles, 1)]
        ]
        self._settings = {name: tensor.numpy() for name, tensor in own.items()}
        self._state, self._given = state.numpy(), [tensor.numpy() for tensor in given]
        soft, self._stiff = places_of(parameters.rigid or (False,) * n_muscles)
        self._soft: list[int] | slice = soft if self._stiff else slice(None)
        self._record(parameters._replace(**own), Inputs(*given), state, step_s)
        tape.prepare()  # by the same calls as after `adopt`, to the last bit

    def _record(self, parameters: Parameters, inputs: Inputs, state: Tensor, step_s: float) -> None:
        """Go through one sample as `simulate` does, in stages."""
        tape, (first, second, before, drift, *known) = self._tape, state.unbind()
        with tape.stage() as self._begin:
            active, memory = activated(
                parameters, inputs.excitation, step_s, ActivationState(first, second)
            )
            muscles = Given(active, inputs.length, muscles_of(parameters), before)
            guess = before + _change(muscles, drift, *known)
            soft = muscles if isinstance(self._soft, slice) else muscles.of(self._soft)
        elastic = self._elastic = None if self._soft == [] else _Elastic(tape, soft, step_s)
        with tape.stage() as self._finish:
            other = rigid_part(muscles.of(self._stiff), step_s) if self._stiff else None
            contraction = _of_all(elastic, other, parameters.rigid)
            output = outcome(parameters, active, contraction, inputs.moment_arm, memory, before)
            told = output.action(), output, parameters, inputs
            stiffness, table = stiffness_of(*told), muscle_states(*told)
            slopes = () if elastic is None else elastic.slopes()
        self._guess = guess.numpy()
        self._moment, self._stiffness = output.moment.numpy(), stiffness.numpy()
        self._table = table.numpy()
        self._after = [
            part.numpy() for part in (*memory, output.state.w, output.state.drift, active)
        ]
        self._slopes = [slope.numpy() for slope in slopes]

    def fits(self, parameters: Parameters) -> bool:
        """Tell whether `adopt` can go over to these sets."""
        same_shape = parameters.strength.shape == self._settings["strength"].shape
        return same_shape and (parameters.curves, parameters.rigid) == self._kind

    def adopt(self, parameters: Parameters) -> None:
        """Go over to other sets of the same shape and kind of muscle."""
        for name, place in self._settings.items():
            place[...] = getattr(parameters, name).numpy()
        self._tape.prepare()

    def advance(
        self, state: Array, excitation: Array, length: Array, moment_arm: Array, arm_slope: Array
    ) -> Sample | None:
        """Return what the next sample comes to, or None where Newton's loop does not get there.

        Parameters
        ----------
        state
            From the sample before, `packed`.
        excitation, length
            Delayed excitation and muscle-tendon length in m, shape [muscle].
        moment_arm, arm_slope
            In m and m/rad, shape [dof, muscle]; the slope may be NaN.
        """
        self._state[...] = state
        for place, given in zip(
            self._given, (excitation, length, moment_arm, arm_slope), strict=True
        ):
            place[..., 0] = given
        with np.errstate(all="ignore"):  # as torch has it: what is not finite is seen to later
            self._begin()
            if self._elastic and not self._elastic.solve(self._guess[:, self._soft]):
                return None
            self._finish()
        return Sample(
            self._moment[..., 0].copy(),
            self._stiffness[..., 0].copy(),
            self._table[..., 0].copy(),
            self._remembered(),
        )

    def _remembered(self) -> Array:
        """Return the state after the sample."""
        after = np.zeros_like(self._state)
        for place, part in enumerate((*self._after, self._given[1])):
            after[place] = part
        for place, slope in enumerate(self._slopes, len(self._after) + 1):
            after[place][:, self._soft] = slope
        return after


def _change(
    given: Given,
    drift: Tensor,
    activation: Tensor,
    length: Tensor,
    by_activation: Tensor,
    by_length: Tensor,
    by_previous: Tensor,
) -> Tensor:
    """Return by how much the state will move, along the slopes at the sample before."""
    change = torch.addcmul(drift * by_previous, given.activation - activation, by_activation)
    change = torch.addcmul(change, given.length - length, by_length)
    return change.clamp(-MAX_STEP, MAX_STEP)


def _of_all(
    elastic: _Elastic | None, other: Contraction | None, rigid: tuple[bool, ...]
) -> Contraction:
    """Return the contraction of all muscles; without `elastic` or `other` where there are none."""
    if elastic is None or other is None:
        return elastic.found() if elastic else other  # type: ignore[return-value]
    return put_together(elastic.found(), other, rigid)


class _Elastic:
    """Muscles on an elastic tendon at one sample: the force balance, and Newton's loop on it."""

    def __init__(self, tape: Tape, given: Given, step_s: float) -> None:
        before = given.before
        assert before is not None  # a sample follows on another
        self._given, self._w = given, tape.input(*before.shape)
        with tape.stage() as self._begin:
            balance = ForceBalance.of(*given[:3], step_rate(self._w, step_s, before))
        with tape.stage() as self._weigh:
            self._now = balance.at(self._w, before)
            residual = self._now.residual.abs()
        with tape.stage() as self._improve:
            better = newton_step(self._w, self._now)
        self._residual, self._better = residual.numpy(), better.numpy()
        self._state = self._w.numpy()

    def solve(self, guess: Array) -> bool:
        """Find the state, from a guess of it; tells whether it was found."""
        self._state[...] = guess
        self._begin()
        for _ in range(MOST_PASSES):
            self._weigh()
            if self._residual.max() <= _LIMIT:
                return True
            self._improve()
            self._state[...] = self._better
        return False

    def slopes(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return how the state goes with activation, length and the state a sample before."""
        now, muscles = self._now, self._given.muscles
        steepness = now.steepness.clamp_min(LEAST_STEEPNESS)
        by_length = now.by_strain / (muscles.tendon_slack_length * steepness)
        return now.by_activation / steepness, by_length, now.by_previous / steepness

    def found(self) -> Contraction:
        """Return the contraction at the state that was found."""
        return elastic_part(Trajectory(self._w, Report(0, 0.0, 0), self._now), self._given)
