"""Orders of the supervisor to a worker, and the worker's answers.

Each worker has a line of its own: nothing that is sent while the worker is there gets lost, which
the link's publishing does not promise. A worker that starts says hello, and is then told what was
ordered before its time.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import zmq
from pydantic import Field

from daemon.ipc.messages import (
    MAX_BYTES,
    Block,
    CertaintyMap,
    Finite,
    LinkMessage,
    Multipliers,
    Values,
    described,
)
from daemon.ipc.sockets import QUEUE, read
from pipeline.model.subject import Subject

Levels = dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]]
"""A level per EMG channel."""
Recorded = Literal["mvc", "baseline"]
WorkerName = Literal["predictor", "calibrator"]


class Order(LinkMessage):
    """Something to do."""

    worker: ClassVar[WorkerName]
    number: int = 0
    """Names the order in its answer; 0 where none is waited for."""


class PauseOrder(Order):
    """Stop to learn, or begin again."""

    topic: ClassVar[str] = "pause"
    worker: ClassVar[WorkerName] = "calibrator"
    paused: bool


class RestoreOrder(Order):
    """Put the parameters of an earlier version in force."""

    topic: ClassVar[str] = "restore"
    worker: ClassVar[WorkerName] = "calibrator"
    version: int
    values: Values
    delay_s: Finite | None
    bones: Multipliers
    certainty: CertaintyMap | None = None
    """How well they were known; None where that was not kept."""

    @classmethod
    def of(
        cls, version: int, subject: Subject, certainty: CertaintyMap | None = None
    ) -> RestoreOrder:
        """Return the order to go back to `subject`, which was `version`."""
        return cls(
            version=version,
            values={k: v.tolist() for k, v in subject.values().items()},
            delay_s=subject.delay_s,
            bones=dict(subject.bones),
            certainty=certainty,
        )

    def subject(self, like: Subject) -> Subject:
        """Return the person to go back to; raises as `described`."""
        return described(like, self.values, self.bones, self.delay_s)


class ForgetOrder(Order):
    """Forget all rows older than a time: they are on another scale."""

    topic: ClassVar[str] = "forget"
    worker: ClassVar[WorkerName] = "calibrator"
    before: Finite
    """s on the LSL clock."""


class RecordOrder(Order):
    """Begin to record MVC or resting level, or end it and use what was recorded."""

    topic: ClassVar[str] = "record"
    worker: ClassVar[WorkerName] = "predictor"
    what: Recorded
    begin: bool
    confirmed: bool = False
    """Whether an MVC far below the old one is meant."""
    channels: list[str] = Field(default_factory=list)
    """Whose MVC is to be taken; all where empty."""


class SamplesOrder(Order):
    """Hand over the newest raw EMG of a channel."""

    topic: ClassVar[str] = "samples"
    worker: ClassVar[WorkerName] = "predictor"
    channel: str


class ConcernOrder(Order):
    """Something to be told in the status until it is over.

    The supervisor gives the order, or passes on what the link to a calibrator elsewhere says.
    """

    topic: ClassVar[str] = "concern"
    worker: ClassVar[WorkerName] = "predictor"
    cause: str
    """Names it."""
    sentence: str
    """Empty once it is over."""
    degrades: bool
    """Whether the moments are not at their best while it lasts."""


class Hello(LinkMessage):
    """A worker has started."""

    topic: ClassVar[str] = "hello"


class Scale(LinkMessage):
    """The MVC and resting level in use."""

    topic: ClassVar[str] = "scale"
    mvc: Levels
    """Per channel, in V (1 for ready envelopes)."""
    baseline: Literal["none", "tracked"] | Levels
    """Per channel, fraction of MVC."""
    since: Finite
    """Rows from this time on are wholly on this scale, s on the LSL clock."""
    changed: list[str]
    """Channels whose value comes from the recording; the others kept theirs."""


class Answer(LinkMessage):
    """What became of an order."""

    topic: ClassVar[str] = "answer"
    number: int
    ok: bool
    sentence: str
    recording: Recorded | None = None
    """What the predictor records now."""
    scale: Scale | None = None
    """The new scale, where the order has brought one."""
    fallen: tuple[str, ...] = ()
    """Channels for whose new MVC, far below the old one, a confirmation is wanted."""
    samples: Block | None = None
    """Raw EMG, V, where the order asked for it."""


ORDERS = (PauseOrder, RestoreOrder, ForgetOrder, RecordOrder, SamplesOrder, ConcernOrder)
ANSWERS = (Hello, Answer)


class DealerSocket:
    """One end of the line between supervisor and worker; never waits.

    Parameters
    ----------
    address
        Of the line.
    kinds
        The messages that may come.
    bind
        True at the supervisor's end, which outlives the worker's.
    """

    def __init__(self, address: str, kinds: tuple[type[LinkMessage], ...], bind: bool) -> None:
        self._kinds = {kind.topic.encode("ascii"): kind for kind in kinds}
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        self._socket.setsockopt(zmq.SNDHWM, QUEUE)
        self._socket.setsockopt(zmq.RCVHWM, QUEUE)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_BYTES)
        (self._socket.bind if bind else self._socket.connect)(address)

    def send(self, message: LinkMessage) -> bool:
        """Send a message; returns False where nobody is at the other end."""
        try:
            self._socket.send(message.pack(), zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True

    def receive(self) -> LinkMessage | None:
        """Return the next message, or None if there is none or it makes no sense."""
        try:
            return read(self._socket.recv(zmq.NOBLOCK), self._kinds)
        except zmq.Again:
            return None

    def close(self) -> None:
        """Release the line."""
        self._socket.close()
