"""The way of a sample as one object: chunks in, predicted rows and paired rows out.

Everything here is driven by the samples' own times, so the live daemon and a replay at full speed
run the same code and give the same numbers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.conformal import ConformalScale
from pipeline.emg.channel_watch import Change, ChannelWatch, Watched
from pipeline.emg.envelope import Envelope
from pipeline.emg.mapping import ExcitationMapper
from pipeline.geometry import Geometry, Paths
from pipeline.moments import Versions
from pipeline.predict import Predictor
from pipeline.streams.base import Chunk
from pipeline.timebase.align import Aligner, DelayLine, ReferencePairing
from pipeline.timebase.motion_pairing import MotionPairing
from pipeline.timebase.pairing import REFERENCE_WAIT_S
from pipeline.timebase.rows import PairedRows, Rows

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Predicted:
    """Predicted rows.

    Parameters
    ----------
    t
        Grid times, s, shape [n].
    t_emg
        Time of the newest EMG sample each row needed, s, shape [n].
    moment
        N*m, shape [n, dof].
    deviation
        Standard deviation of the moment, N*m, shape [n, dof]; NaN while it is not known.
    stiffness
        Of the joints, as `Moments.stiffness`, N*m/rad, shape [n, dof].
    muscles
        What each muscle does, as `Moments.muscles`, shape [n, row, muscle].
    version
        Version of the parameters behind the moment, as `Moments.version`, shape [n].
    leaving
        Version of those that fade out in it, as `Moments.leaving`, shape [n].
    valid
        False where a gap in a stream was bridged, where a muscle whose electrode failed cannot be
        synthesised, and for one electromechanical delay after a start or a longer gap: the muscles
        then act on EMG that nobody has seen. Shape [n].
    """

    t: Array
    t_emg: Array
    moment: Array
    deviation: Array
    stiffness: Array
    muscles: Array
    version: Versions
    leaving: Versions
    valid: NDArray[np.bool_]


@dataclass(frozen=True)
class Paired:
    """Rows whose reference has come, for the calibrator and the score."""

    rows: PairedRows
    predicted: Array
    """The moments that were predicted for these rows, N*m, shape [n, dof]."""
    deviation: Array
    """Their standard deviation as it was published then, N*m, shape [n, dof]."""
    claimed: Array
    """The same before it was scaled by `ConformalScale`."""

    def part(self, where: slice) -> Paired:
        """Return some of the rows."""
        told = (part[where] for part in (self.predicted, self.deviation, self.claimed))
        return Paired(self.rows.part(where), *told)

    @classmethod
    def joined(cls, parts: Sequence[Paired]) -> Paired:
        """Return the rows of all parts in a row."""
        return cls(
            PairedRows.joined([part.rows for part in parts]),
            np.concatenate([part.predicted for part in parts]),
            np.concatenate([part.deviation for part in parts]),
            np.concatenate([part.claimed for part in parts]),
        )

    @property
    def error(self) -> Array:
        """What the prediction was off by, N*m; NaN where there is nothing to judge by."""
        error = self.predicted - self.rows.moment
        return np.where(self.rows.valid[:, None], error, np.nan)


class LivePipeline:
    """Watch, envelope, alignment, mapping, delay, geometry and prediction in a row.

    Parameters
    ----------
    watch, envelope, aligner, mapper, geometry, predictor, pairing
        The stages; `watch` is None where every channel is valid, `pairing` where there is no
        reference, be it of moments or of motion.
    rate_hz
        Rate of the model's time grid, Hz.
    delay_s
        Electromechanical delay left after the envelope's own delay, s.
    """

    def __init__(
        self,
        watch: ChannelWatch | None,
        envelope: Envelope,
        aligner: Aligner,
        mapper: ExcitationMapper,
        geometry: Geometry,
        predictor: Predictor,
        pairing: ReferencePairing | MotionPairing | None,
        rate_hz: float,
        delay_s: float,
    ) -> None:
        self._watch = watch
        self.envelope = envelope
        self.aligner = aligner
        self.mapper = mapper
        self.geometry = geometry
        self.predictor = predictor
        self.passed: Callable[[str], None] = lambda stage: None
        """Called after ``envelope``, ``align`` and ``predict``, for who takes the time."""
        self.enveloped: Callable[[Chunk], None] = lambda levels: None
        """Called with the excitations of each EMG chunk by channel, for who watches them."""
        self.excitation: Array = np.empty(0)
        """What drove the muscles in the newest row, before the delay, shape [muscle]; empty before
        there is a row."""
        self._pairing = pairing
        self._rate_hz = rate_hz
        self._delay_s = delay_s
        self._delay = self._new_delay()
        self._scale = ConformalScale(len(geometry.dofs), rate_hz)
        self._newest = -np.inf
        self._known_from = -np.inf
        self._ahead: tuple[Array, Paths] | None = None
        self._waiting: deque[Paired] = deque()
        """Rows whose reference has not come, as they were predicted; no others wait for it."""

    def _new_delay(self) -> DelayLine:
        return DelayLine(self._delay_s, self._rate_hz, len(self.geometry.muscles))

    def set_delay(self, delay_s: float) -> None:
        """Go over to another electromechanical delay, s, the envelope's own included."""
        self._delay_s = max(0.0, delay_s - self.envelope.group_delay_s)
        self._delay.move_to(self._delay_s)

    def push(self, chunk: Chunk) -> tuple[Change, ...]:
        """Take a chunk of any of the streams; those that nothing is made of are left aside.

        Returns
        -------
        tuple
            The EMG channels that have become faulty or valid again in it.
        """
        if self._pairing is not None and chunk.stream in self._pairing.streams:
            self._pairing.push_reference(chunk)
        if chunk.stream == "emg":
            return self._push_emg(chunk)
        if chunk.stream == "angles":
            self.aligner.push(chunk)
        return ()

    def _push_emg(self, chunk: Chunk) -> tuple[Change, ...]:
        watched = Watched(chunk, None, ())
        if self._watch is not None:
            watched = self._watch.process(chunk, self.envelope.scale.mvc)
            self.mapper.note(watched.changes)
        excitation = self.envelope.process(watched.chunk, watched.valid)
        self.passed("envelope")
        self.enveloped(excitation)
        self.aligner.push(excitation)
        return watched.changes

    def predict(self) -> Predicted | None:
        """Predict the rows that have become complete, or return None."""
        rows = self.aligner.rows()
        if rows is None:
            return None
        self.passed("align")
        parts = [self._predict(part) for part in self._consecutive(rows)]
        self.passed("predict")
        if len(parts) == 1:
            return parts[0]
        return Predicted(
            *(np.concatenate([getattr(p, f) for p in parts]) for f in Predicted.__annotations__)
        )

    def _consecutive(self, rows: Rows) -> list[Rows]:
        """Split rows where time jumps: what has memory starts anew there."""
        if len(rows.t) == 1:
            return [rows]
        jumps = np.flatnonzero(np.diff(rows.t) > 1.5 / self._rate_hz) + 1
        edges = [0, *(int(jump) for jump in jumps), len(rows.t)]
        fields = Rows.__annotations__
        return [Rows(*(getattr(rows, f)[a:b] for f in fields)) for a, b in pairwise(edges)]

    def _predict(self, rows: Rows) -> Predicted:
        if rows.t[0] - self._newest > 1.5 / self._rate_hz:
            self._delay = self._new_delay()
            self.predictor.reset()
            unknown_s = self._delay_s + self.envelope.group_delay_s
            self._known_from = float(rows.t[0]) + unknown_s
        self._newest = float(rows.t[-1])
        driven = self.mapper.rows(rows)
        self.excitation = driven.excitation[-1]
        excitation = self._delay.process(driven.excitation)
        paths = self._paths(rows.angle)
        claimed = self.predictor.predict(excitation, *paths)
        moments = claimed._replace(deviation=self._scale.scale * claimed.deviation)
        valid = rows.valid & driven.valid & (rows.t >= self._known_from)
        if self._pairing is not None:
            unknown = np.full_like(moments.moment, np.nan)
            paired = PairedRows(
                rows.t, driven.excitation, *paths[:2], unknown, valid, driven.measured
            )
            told = moments.moment, moments.deviation, claimed.deviation
            self._waiting.append(Paired(paired, *told))
            self._give_up_old()
        return Predicted(rows.t, rows.t_emg, *moments, valid)

    def work_ahead(self) -> None:
        """Compute the next row's moment before its EMG is there, where it can be known.

        It is known where muscles act on EMG at least a grid step old and angles are extrapolated.
        `predict` takes what was computed if it meets the same inputs, to the last bit; so this
        changes no number, only when the work is done.
        """
        delayed = self._delay.ahead() if self._ahead is None else None
        angle = self.aligner.angle_ahead() if delayed is not None else None
        if delayed is not None and angle is not None:
            paths = self.geometry.paths(angle)
            self._ahead = angle, paths
            self.predictor.work_ahead(delayed, *paths)

    def _paths(self, angle: Array) -> Paths:
        """Return what `Geometry.paths` does."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None and np.array_equal(ahead[0], angle):
            return ahead[1]
        return self.geometry.paths(angle)

    def _give_up_old(self) -> None:
        while self._newest - self._waiting[0].rows.t[-1] > REFERENCE_WAIT_S:
            self._waiting.popleft()

    def pair(self) -> Paired | None:
        """Return the rows that the reference has reached since the last call, or None."""
        if self._pairing is None:
            return None
        taken = self._take_reached(self._pairing)
        if taken is None:
            return None
        reference: dict[str, Any] = {self._pairing.column: self._pairing.at(taken.rows.t)}
        paired = replace(taken, rows=taken.rows._replace(**reference))
        self._scale.learn(paired.error, paired.claimed, paired.deviation)
        return paired

    def _take_reached(self, pairing: ReferencePairing | MotionPairing) -> Paired | None:
        """Remove the waiting rows that the reference has reached and return them joined."""
        taken = []
        while self._waiting and (n := pairing.reached(self._waiting[0].rows.t)):
            waiting = self._waiting.popleft()
            taken.append(waiting.part(slice(n)))
            if n < len(waiting.rows.t):
                self._waiting.appendleft(waiting.part(slice(n, None)))
                break
        return Paired.joined(taken) if taken else None
