"""Whether the parameters in force have been shown to fit the person; until then no moment is ok."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from daemon.config import Config
from daemon.ipc.messages import UpdateMessage
from pipeline.update import ADOPTED, Result

MOST_STANDINGS = 1000
"""Changes of standing that are kept; a set from before the oldest of them is doubted."""
_ROUNDING_S = 1e-6
"""Sums of strides fall short of whole seconds by less, s."""


class Standing(NamedTuple):
    """What is thought of a set and of those after it, until the next standing."""

    since: int
    """Version from which on it holds."""
    doubt: str
    """Why the set is not trusted, in a sentence; empty where it is."""
    generic: bool = False
    """Whether the set is of nobody in particular: it cannot earn trust by a lucky second."""


_UNKNOWN = Standing(
    0,
    "It is not known whether these parameters fit this person, so no moment is ok until the "
    "calibrator has judged them.",
)


class TrustState(NamedTuple):
    """Everything a `TrustRule` carries from one update to the next."""

    standings: tuple[Standing, ...]
    """In the order of their versions."""
    judged: tuple[bool, ...]
    """Per joint whether a reference of it has ever been judged by, or none is asked for."""
    version: int = 0
    """Newest set that has come into force."""
    misfit_s: float = 0.0
    """Data on which it has been doing badly without a pause, s."""
    seen: float = -math.inf
    """Time of the newest sample behind the last update, s."""

    def standing(self, version: int) -> Standing:
        """Return the standing of a set."""
        known = (one for one in reversed(self.standings) if one.since <= version)
        return next(known, _UNKNOWN)

    @property
    def unjudged(self) -> tuple[int, ...]:
        """Places of the joints of which nobody knows whether any set fits them."""
        return tuple(place for place, judged in enumerate(self.judged) if not judged)

    def doubt(self, *versions: int) -> str:
        """Return why not all of these sets are trusted, in a sentence; empty where they are."""
        return next(filter(None, (self.standing(one).doubt for one in versions)), "")


@dataclass(frozen=True)
class TrustRule:
    """Decides by the calibrator's updates which sets are trusted; pure, driven by sample time.

    A set is trusted once its error on held-out data is at most `trust_error`, and so are the sets
    that follow it, each of which the calibrator found better than the one before. Trust goes when
    the set in force leaves more than `distrust_error` on fresh data for `distrust_s`, or when a
    set comes back that has none. Errors are mean squared errors over the reference's variance,
    averaged over the joints that had a reference: 1 is what predicting the mean would leave. A
    joint that has never had one is not trusted, however good the others are.

    Parameters
    ----------
    joints
        Number of joints.
    trust_error, distrust_error
        Fractions of the reference's variance.
    distrust_s
        How much data it takes to lose trust, s.
    stride_s
        Most data that one update speaks of, s.
    trusts_start
        Whether the set that the run starts with is trusted as it is.
    calibrates
        Whether there will be any other.
    """

    joints: int
    trust_error: float
    distrust_error: float
    distrust_s: float
    stride_s: float
    trusts_start: bool
    calibrates: bool = True

    def initial(self, shown: bool = True) -> TrustState:
        """Return the state at the start of a run.

        Parameters
        ----------
        shown
            Whether a set that the run starts with had been shown to fit when it was saved.
        """
        if self.trusts_start:
            unshown = self._unfit if self.calibrates else _UNSHOWN
            return TrustState((Standing(0, "" if shown else unshown),), (shown,) * self.joints)
        doubt = self._unfit if self.calibrates else _NEVER
        return TrustState((Standing(0, doubt, generic=True),), (False,) * self.joints)

    def step(self, state: TrustState, update: UpdateMessage) -> TrustState:
        """Take an update of the calibrator, whatever became of it; return the next state."""
        if update.version < state.version:
            return state  # of a calibrator that was started again from an older set
        elapsed = min(max(update.t - state.seen, 0.0), self.stride_s)
        state = state._replace(seen=update.t)
        judged = update.version - (update.result in ADOPTED)
        if judged > state.version:  # nothing has been heard of how it came into force
            state = _changed(state._replace(version=judged), _UNKNOWN.doubt)
        if any(update.judged):
            either = zip(state.judged, update.judged, strict=True)
            state = state._replace(judged=tuple(a or b for a, b in either))
            state = self._judged(state, _mean(update.error_before, update), elapsed)
        if update.version > state.version:
            state = self._in_force(state._replace(version=update.version), update)
        return state

    def _judged(self, state: TrustState, error: float, elapsed: float) -> TrustState:
        """Return what the error on fresh data makes of the set in force."""
        now = state.standing(state.version)
        if error <= self.trust_error and not now.generic:
            return _changed(state, "")
        if error <= self.distrust_error:
            return state._replace(misfit_s=0.0)
        # Not a number is no fit either.
        state = state._replace(misfit_s=state.misfit_s + elapsed)
        if now.doubt or state.misfit_s < self.distrust_s - _ROUNDING_S:
            return state
        return _changed(state, self._misfit)

    def _in_force(self, state: TrustState, update: UpdateMessage) -> TrustState:
        """Return what becomes of trust with a set that has just come into force."""
        if update.result is Result.ROLLED_BACK:
            of = update.restored
            old = _UNKNOWN if of is None else state.standing(of)
            return _changed(state, old.doubt, generic=old.generic)
        if any(update.judged) and _mean(update.error_after, update) <= self.trust_error:
            return _changed(state, "")
        now = state.standing(state.version)
        return _changed(state, now.doubt) if now.generic else state

    @property
    def _unfit(self) -> str:
        return (
            "The parameters have not been shown to fit this person yet, so no moment is ok; the "
            f"calibrator goes on until a set leaves at most {self.trust_error:g} times the "
            "reference's variance (output.trust_error)."
        )

    @property
    def _misfit(self) -> str:
        return (
            "The parameters do not fit this person, so no moment is ok: for "
            f"{self.distrust_s:g} s they left more than {self.distrust_error:g} times the "
            "reference's variance (output.distrust_error); check the subject, the electrodes, the "
            "MVC and the reference, or wait for the calibrator to find a set that fits."
        )


_NEVER = (
    "The parameters are a generic person's and nothing is calibrated in this run, so no moment is "
    "ok; give a calibrated model.subject, or set output.trust_generic = true."
)

_UNSHOWN = (
    "The subject was saved before its parameters had been shown to fit, and nothing is calibrated "
    "in this run, so no moment is ok; give a subject that has been calibrated, or set "
    "output.trust_generic = true."
)


def unjudged_sentence(joints: Sequence[str]) -> str:
    """Return what is to be said of joints that have never had a reference."""
    verb, them = ("have", "they") if len(joints) > 1 else ("has", "it")
    return (
        f"{' and '.join(joints)} {verb} had no reference yet, so nobody knows whether the "
        f"parameters fit there and {them} cannot be ok: send the moments of {' and '.join(joints)},"
        " or load a calibrated model.subject."
    )


def trust_rule(config: Config) -> TrustRule:
    """Return the rule of a set-up."""
    output = config.output
    return TrustRule(
        joints=len(config.model.dofs),
        trust_error=output.trust_error,
        distrust_error=output.distrust_error,
        distrust_s=output.distrust_s,
        stride_s=config.calibrator.stride_s,
        trusts_start=output.trust_generic or config.model.subject is not None,
        calibrates=config.calibrates,
    )


def _mean(error: float | None, update: UpdateMessage) -> float:
    """Return a summed error as the mean over the joints judged; infinite where it was no number."""
    return math.inf if error is None else error / sum(update.judged)


def _changed(state: TrustState, doubt: str, *, generic: bool = False) -> TrustState:
    """Give the set in force a standing; what it did badly on counts no longer."""
    new = Standing(state.version, doubt, generic)
    state = state._replace(misfit_s=0.0)
    if new[1:] == state.standing(state.version)[1:]:
        return state
    kept = tuple(one for one in state.standings if one.since < state.version)
    return state._replace(standings=(*kept, new)[-MOST_STANDINGS:])
