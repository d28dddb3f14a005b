"""The slow half of an LSL source: everything that may block, on a thread of its own.

The thread looks for the stream, checks it, opens the inlet, follows its clock, and destroys the
inlet on the thread that made it. The fast half only pulls samples. Which outlet it was is left for
the next process that looks: it need not wait for others, nor measure the clock, before it begins.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import UserError
from pipeline.streams import clock
from pipeline.streams.base import StreamSpec
from pipeline.streams.lsl.connection import BUFFER_S, Connection
from pipeline.streams.lsl.liblsl import accepted_columns, describe, measure_clock
from pipeline.streams.lsl.memory import Known, Memory
from pipeline.streams.lsl.sought import Had, Sought

if TYPE_CHECKING:
    import pylsl

logger = logging.getLogger(__name__)

LOOK_S = 1.5
"""How long one look over the network takes at most, s."""
SETTLE_S = 0.3
"""How long a look goes on after the first find, so that a second sender is seen as well, s."""
FORGET_S = 5.0
"""liblsl's memory for streams that answer no longer, s; a look is shorter."""
POLL_S = 0.02
"""Time between two questions for what a look has found, s."""
CLOSE_S = 0.5
"""Longest that closing waits for an attempt to connect; its thread then ends by itself, s."""
OPEN_S = 2.0
"""How long a stream may take to answer when it is opened, s."""
CLOCK_PERIOD_S = 2.0
"""Time between two looks at the sender's clock, s."""
CLOCK_STEP_S = 0.005
"""A change of the clock correction by more than this is a step, and told, s."""
MISSED_S = (0.05, 0.5)
"""Pause between two looks over the network: at first and, doubling, at most, s."""
REFUSED_S = 2.0
"""Time before a refused stream is looked at again, s."""
SILENCE_S = (3.0, 30.0)
"""Silence after which a connected stream is opened anew: at first and, doubling, at most, s."""
BESIDE_S = 30.0
"""Who was there so long before another was missed is not its successor, s; a loss may be noticed
late."""
NO_INLET = ("", None)
FIREWALL = "Check the firewall between the two machines."


@dataclass(frozen=True)
class Clock:
    """Correction from the sender's clock to this machine's."""

    offset_s: float = 0.0
    uncertainty_s: float | None = None

    def follow(self, offset_s: float, uncertainty_s: float) -> Clock:
        """Take a new measurement; within its uncertainty the old correction stands.

        So the correction of a sender on this machine stays exactly zero, and stamps do not
        tremble with the noise of the measurement.
        """
        moved = abs(offset_s - self.offset_s) > uncertainty_s
        return Clock(offset_s if moved else self.offset_s, uncertainty_s)


class Link:
    """Keeps one LSL stream connected.

    Parameters
    ----------
    pylsl
        The pylsl module.
    spec
        What is wanted of the stream.
    sought
        What to look for.
    memory
        Of the outlet that the stream was taken from before.
    """

    def __init__(self, pylsl: Any, spec: StreamSpec, sought: Sought, memory: Memory) -> None:
        self.clock = Clock()
        self.connects = 0
        self.problem = ""
        """Why there is no connection; empty while there is one."""
        self.remark = ""
        """What is worth knowing of the connected stream."""
        self._pylsl = pylsl
        self._spec = spec
        self._sought = sought
        self._memory = memory
        self._known: Known | None = None
        """The outlet that was remembered, where that is the one that is found."""
        self._probed: tuple[str, pylsl.StreamInlet | None] = NO_INLET
        """The outlet whose clock is being measured, by its uid, before it is sure who is meant."""
        self._called = sought.called
        self._had: Had | None = None
        self._missed_at = 0.0
        self._misses = 0
        self._connection: Connection | None = None
        self._in_use = threading.Lock()
        self._dropped = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"lsl-{spec.key}", daemon=True)
        self._thread.start()

    @contextmanager
    def connection(self) -> Iterator[Connection | None]:
        """Lend the open connection, if there is one; it is not destroyed while it is lent."""
        with self._in_use:
            yield self._connection

    def drop(self) -> None:
        """Give up the connection that is being lent, and look for the stream again."""
        self._connection = None
        self._dropped.set()

    def close(self) -> None:
        """Stop looking at once; an attempt to open a stream may end a little later by itself."""
        self._closing.set()
        self._dropped.set()
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        while not self._closing.is_set():
            problem, pause_s = self._attempt()
            if problem != self.problem and not self._closing.is_set():
                logger.warning("%s", problem)
            self.problem = problem
            self._closing.wait(pause_s)

    def _attempt(self) -> tuple[str, float]:
        """Find and keep the stream; return what went wrong and how long to wait, s.

        The exception ends here, because its traceback would keep the inlet alive.
        """
        try:
            visible = self._look()
            had = Had(self._known.uid) if self._known else self._had
            if (info := self._sought.choose(visible, had)) is None:
                return self._not_found(visible)
            self._misses = 0
            self._keep(info)
        except UserError as error:
            return str(error), REFUSED_S
        except RuntimeError as error:  # pylsl's errors are RuntimeErrors
            reason = str(error).rstrip(".")
            return (
                f"{self._called} is visible but does not answer ({reason}). {FIREWALL}",
                REFUSED_S,
            )
        finally:
            self._probed = NO_INLET
        return f"{self._called} went away; it is being looked for.", 0.0

    def _look(self) -> list[pylsl.StreamInfo]:
        """Return what is alive on the network, as soon as it is sure that no more comes.

        The outlet that is remembered was told from the others before: no more needs to come.
        """
        self._known = None
        resolver = self._pylsl.ContinuousResolver(
            pred=self._sought.predicate, forget_after=FORGET_S
        )
        deadline, found = clock.now() + LOOK_S, False
        while not self._closing.wait(POLL_S):
            visible: list[pylsl.StreamInfo] = resolver.results()
            fitting = self._sought.fitting(visible)
            if fitting and self._remembers(fitting):
                return visible
            if fitting and not found:
                deadline, found = clock.now() + SETTLE_S, True
                self._probe(fitting[0])
            if clock.now() > deadline:
                return visible
        return []

    def _probe(self, info: pylsl.StreamInfo) -> None:
        """Let liblsl begin to measure a sender's clock, while it is not sure yet who is meant."""
        inlet = self._inlet(info)
        self._probed = info.uid(), inlet
        with suppress(self._pylsl.util.TimeoutError):
            measure_clock(inlet, 0.0)

    def _inlet(self, info: pylsl.StreamInfo) -> pylsl.StreamInlet:
        """Return an inlet, the one whose clock is being measured if it is of this outlet."""
        (uid, inlet), self._probed = self._probed, NO_INLET
        if uid == info.uid():
            return inlet
        # recover=False: liblsl's own recovery hides a loss; ours has a state and a count.
        return self._pylsl.StreamInlet(info, max_buflen=self._buflen(info), recover=False)

    def _remembers(self, fitting: Sequence[pylsl.StreamInfo]) -> bool:
        known = self._memory.recall()
        there = known is not None and any(info.uid() == known.uid for info in fitting)
        self._known = known if there else None
        return there

    def _not_found(self, visible: list[pylsl.StreamInfo]) -> tuple[str, float]:
        """Return the problem, and a pause that doubles with every look in vain."""
        pause_s = min(MISSED_S[0] * 2**self._misses, MISSED_S[1])
        self._misses += 1
        if self.connects:
            return f"{self._called} went away; it is being looked for.", pause_s
        return self._sought.absent(visible), pause_s

    def _keep(self, info: pylsl.StreamInfo) -> None:
        """Open the stream, hand it over, and follow its clock until it is given up."""
        inlet = self._inlet(info)
        self._dropped.clear()
        if self._closing.is_set():
            return
        try:
            self._connection = self._opened(inlet)
            self._had = Had(info.uid(), info.source_id())
            self._watch(inlet, info)
        finally:
            with self._in_use:
                self._connection = None
            if not self._closing.is_set():
                self._memory.forget()

    def _buflen(self, info: pylsl.StreamInfo) -> int:
        """Return liblsl's buffer length: in seconds, or in hundreds of samples if irregular."""
        return BUFFER_S if info.nominal_srate() else int(BUFFER_S * self._spec.rate_hz / 100) + 1

    def _opened(self, inlet: pylsl.StreamInlet) -> Connection:
        info = inlet.info(OPEN_S)
        columns = accepted_columns(info, self._spec)
        if columns.note:
            logger.warning("%s: %s", describe(info), columns.note)
        connection = Connection(info, inlet, columns)
        if self._known is None:
            self._follow_clock(inlet)
        else:
            self.clock = Clock(self._known.offset_s, self._known.uncertainty_s)
        self._check_successor(info)
        inlet.open_stream(OPEN_S)
        inlet.flush()
        self._remember(info)
        self.connects += 1
        self.problem = ""
        self.remark = "" if info.nominal_srate() else self._irregular_remark()
        logger.info("%s is connected (source_id '%s').", connection.name, info.source_id())
        return connection

    def _check_successor(self, info: pylsl.StreamInfo) -> None:
        """Refuse a stranger that was there together with the stream that is missed."""
        began = info.created_at() + self.clock.offset_s
        beside = began < self._missed_at - BESIDE_S
        if self._had is not None and beside and not self._had.may_be(info):
            raise UserError(self._sought.not_its_successor(info))

    def _irregular_remark(self) -> str:
        return (
            f"{self._called} states no rate; {self._spec.rate_hz:g} Hz is taken from the "
            "configuration."
        )

    def _remember(self, info: pylsl.StreamInfo) -> None:
        offset_s, uncertainty_s = self.clock.offset_s, self.clock.uncertainty_s or 0.0
        self._memory.keep(Known(info.uid(), offset_s, uncertainty_s))

    def _watch(self, inlet: pylsl.StreamInlet, info: pylsl.StreamInfo) -> None:
        try:
            while not self._dropped.wait(CLOCK_PERIOD_S) and not self._closing.is_set():
                before = self.clock.offset_s
                self._follow_clock(inlet)
                if self.clock.offset_s != before:
                    self._remember(info)
        except self._pylsl.util.LostError:
            return  # told by whoever looks for it next
        finally:
            self._missed_at = clock.now()

    def _follow_clock(self, inlet: pylsl.StreamInlet) -> None:
        before = self.clock
        self.clock = before.follow(*measure_clock(inlet, OPEN_S))
        step = abs(self.clock.offset_s - before.offset_s)
        if before.uncertainty_s is None or step:
            logger.log(
                logging.WARNING if self.connects and step > CLOCK_STEP_S else logging.INFO,
                "%s: clock correction %.6f s (before %.6f s), uncertainty %.6f s.",
                self._called,
                self.clock.offset_s,
                before.offset_s,
                self.clock.uncertainty_s,
            )
