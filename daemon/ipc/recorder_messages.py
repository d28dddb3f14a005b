"""Messages of predictor and supervisor to the recorder, and its answers."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from daemon.ipc.messages import Block, Finite, LinkMessage
from daemon.ipc.requests import Reply, Request
from pipeline.output.message import StatusMessage, unpack
from pipeline.streams import clock

Array = NDArray[np.float64]


class TraceMessage(LinkMessage):
    """Predicted rows with what came of them; NaN where something is not known."""

    topic: ClassVar[str] = "trace"
    t: Block
    predicted: Block
    deviation: Block
    reference: Block

    @classmethod
    def of(cls, t: Array, predicted: Array, deviation: Array, reference: Array) -> Self:
        """Return the message; times in s, shape [n], and N*m, shape [n, dof]."""
        return cls(
            t=_packed(t),
            predicted=_packed(predicted),
            deviation=_packed(deviation),
            reference=_packed(reference),
        )

    def columns(self) -> tuple[Array, Array, Array, Array]:
        """Return times and moments; raises ValueError if they do not fit together."""
        t = _numbers(self.t)
        moments = (_numbers(block) for block in (self.predicted, self.deviation, self.reference))
        predicted, deviation, reference = (block.reshape(len(t), -1) for block in moments)
        return t, predicted, deviation, reference


class MusclesTrace(LinkMessage):
    """Valid rows as they were predicted: stiffness of the joints, and what the muscles do."""

    topic: ClassVar[str] = "muscles"
    t: Block
    stiffness: Block
    states: Block
    rows: Annotated[int, Field(ge=0)]
    """Of the table of each time."""

    @classmethod
    def of(cls, t: Array, stiffness: Array, states: Array) -> Self:
        """Return the message.

        Parameters
        ----------
        t, stiffness, states
            s, shape [n]; N*m/rad, shape [n, dof]; table of `muscle_states`, [n, row, muscle].
        """
        return cls(
            t=_packed(t),
            stiffness=_packed(stiffness),
            states=_packed(states),
            rows=states.shape[1],
        )

    def columns(self) -> tuple[Array, Array, Array]:
        """Return times, stiffness and tables; raises ValueError if they do not fit together."""
        t = _numbers(self.t)
        stiffness = _numbers(self.stiffness).reshape(len(t), -1)
        if self.rows == 0:
            return t, stiffness, np.empty((len(t), 0, 0))
        return t, stiffness, _numbers(self.states).reshape(len(t), self.rows, -1)


class EmgMessage(LinkMessage):
    """EMG as it came."""

    topic: ClassVar[str] = "emg"
    t: Block
    x: Block

    @classmethod
    def of(cls, t: Array, x: Array) -> Self:
        """Return the message; times in s, shape [n], and V, shape [n, channel]."""
        return cls(t=_packed(t), x=_packed(x))

    def columns(self) -> tuple[Array, Array]:
        """Return times and samples; raises ValueError if they do not fit together."""
        t = _numbers(self.t)
        return t, _numbers(self.x).reshape(len(t), -1)


class SecondMessage(LinkMessage):
    """The status as it was published, with the latencies since the last one."""

    topic: ClassVar[str] = "second"
    status: Block
    """The frame of the status message."""
    histogram: list[tuple[Finite, int]]
    """Counts by the upper edge of their bin, ms."""

    @classmethod
    def of(cls, status: StatusMessage, histogram: list[tuple[float, int]]) -> Self:
        """Return the message that carries a status."""
        return cls(status=status.pack(), histogram=histogram)

    def message(self) -> StatusMessage:
        """Return the status; raises MessageError if it is none."""
        status = unpack(self.status)
        assert isinstance(status, StatusMessage)
        return status


class EventMessage(LinkMessage):
    """Something that happened."""

    topic: ClassVar[str] = "event"
    t: Finite
    source: str
    kind: str
    sentence: str

    @classmethod
    def now(cls, source: str, kind: str, sentence: str) -> Self:
        """Return the message of something that happens now."""
        return cls(t=clock.now(), source=source, kind=kind, sentence=sentence)


class TroubleMessage(LinkMessage):
    """What ails the recorder, told to the supervisor; nothing when all is well."""

    topic: ClassVar[str] = "trouble"
    sentence: str


class CommandMessage(LinkMessage):
    """What the operator asked for, and what was answered."""

    topic: ClassVar[str] = "command"
    t: Finite
    request: Block
    reply: Block

    @classmethod
    def of(cls, request: Request, reply: Reply) -> Self:
        """Return the message of a command that has just been answered."""
        return cls(t=clock.now(), request=request.pack(), reply=reply.pack())


def _packed(values: Array) -> bytes:
    return np.ascontiguousarray(values, dtype="<f8").tobytes()


def _numbers(block: bytes) -> Array:
    return np.frombuffer(block, dtype="<f8")
