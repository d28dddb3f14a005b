"""The hub: hears all that the daemon publishes, once for all browsers, and keeps what they show."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from daemon.web.batch import Batch
from daemon.web.board import Board
from daemon.web.history import FINEST_S, History
from daemon.web.latency import LatencyWindow
from daemon.web.link import Watch
from daemon.web.newest import now_header
from daemon.web.series import Series
from pipeline.output.message import (
    CalibratorReport,
    Message,
    MessageError,
    MetaMessage,
    MomentMessage,
    MusclesMessage,
    ParametersMessage,
    ReferenceMessage,
    SignalsMessage,
    Status,
    StatusMessage,
    unpack,
)
from pipeline.streams import clock

UPDATES_KEPT = 500
LATENCY_EVERY_S = 1.0
CLOCK_BACK_S = 1.0
"""A session that begins so long before the newest curve is one of another clock."""

logger = logging.getLogger(__name__)


@dataclass
class Session:
    """A session that is heard: its names, its curves, and the newest message of each topic."""

    meta: MetaMessage
    series: Series
    history: History
    newest: dict[str, Message]
    forces: bool = False
    """Whether what each muscle does is published."""
    reference: dict[str, float] = field(default_factory=dict)
    """Newest reference moment per joint, N*m."""
    error: dict[str, float] = field(default_factory=dict)
    """How far the moments were from it when it came, N*m."""

    @property
    def curves(self) -> int:
        """How many curves there are to show; the muscles' forces come last."""
        return len(self.series.names) if self.forces else self.series.without_forces


class Hub:
    """What is known of the daemon; used from one thread.

    Parameters
    ----------
    address
        Where it is listened to.
    frames
        Gives the frames that have come since it was last called, without waiting; none by default.
    """

    def __init__(self, address: str, frames: Callable[[], Iterable[bytes]] = tuple) -> None:
        self.address, self._frames = address, frames
        self.session: Session | None = None
        self.board = Board()
        self.updates: deque[dict[str, Any]] = deque(maxlen=UPDATES_KEPT)
        """The calibrator's updates of this session, as the page shows them."""
        self.updates_seen = 0
        """How many updates there have been, those of earlier sessions included."""
        self._watch = Watch(address, clock.now())
        self._batch = Batch()
        self._latency = LatencyWindow()
        self._latency_due = clock.now() + LATENCY_EVERY_S
        self._refused = 0

    def turn(self) -> None:
        """Take all that has come; to be called some ten times a second."""
        for frame in self._frames():
            self.hear(frame)
        self.settle(clock.now())

    def hear(self, frame: bytes) -> None:
        """Take one message; what is none is counted and left."""
        try:
            message = unpack(frame)
        except MessageError as error:
            self._refuse(error)
            return
        ended = isinstance(message, StatusMessage) and message.status is Status.STOPPED
        self._watch.hear(clock.now(), ended)
        if isinstance(message, MetaMessage):
            self._meet(message)
        elif self.session and message.session == self.session.meta.session:
            self._take(message, self.session)

    def settle(self, now: float) -> None:
        """Put what was taken where browsers find it.

        Parameters
        ----------
        now
            Time, s.
        """
        if self.session:
            self._batch.empty_into(self.session.history)
            self.board.post("now", self._now(now, self.session))
        link = self._watch.look(now)
        if "link" not in self.board or self.board["link"].header["state"] != link.state:
            self.board.post("link", asdict(link))
        if now >= self._latency_due:
            self._latency_due = now + LATENCY_EVERY_S
            self.board.post("latency", self._latency.turn())

    def start_from(self, session: str, values: Mapping[str, Sequence[float]]) -> None:
        """Take what parameters a session started with, where that was before it was heard."""
        posted = self.board.get("parameters")
        if posted and self.session and self.session.meta.session == session:
            self.board.post("parameters", {**posted.header, "start": values})

    def _now(self, now: float, session: Session) -> dict[str, Any]:
        return {
            "silent_s": now - (self._watch.heard or now),
            **now_header(session.meta, session.newest),
            "reference": session.reference,
            "error": session.error,
        }

    def _refuse(self, error: MessageError) -> None:
        self._refused += 1
        if self._refused == 1:
            logger.warning("%s sends what is no message of this version: %s", self.address, error)

    def _meet(self, meta: MetaMessage) -> None:
        """Begin a session; the curves of the one before go on where they are of the same things."""
        known = self.session
        if known and known.meta == meta:
            return
        self._batch = Batch()
        series = Series.of(meta)
        goes_on = known is not None and known.series == series
        history = known.history if known and goes_on else History(len(series.names))
        self.session = Session(meta, series, history, {})
        self.updates.clear()
        self.board.take_down("now", "status", "parameters", "log")
        self._post_meta(self.session)

    def _post_meta(self, session: Session) -> None:
        meta = session.meta
        told = meta.model_dump(mode="json", exclude={"unit", "valid_for_s"})
        names = session.series.names[: session.curves]
        more = {"buckets_s": History.widths(), "series": names, "address": self.address}
        self.board.post("meta", {**told, **more})

    def _take(self, message: Message, session: Session) -> None:
        if isinstance(message, MomentMessage):
            self._take_moment(message, session)
        elif isinstance(message, SignalsMessage):
            self._take_signals(message, session)
        elif isinstance(message, ReferenceMessage):
            self._take_reference(message, session)
        elif isinstance(message, MusclesMessage):
            self._take_muscles(message, session)
        elif isinstance(message, StatusMessage):
            self._take_status(message, session)
        elif isinstance(message, ParametersMessage):
            self._show_parameters(message)
        session.newest[message.topic] = message

    def _take_moment(self, message: MomentMessage, session: Session) -> None:
        t = message.t_published
        if MomentMessage.topic not in session.newest:
            self._begin_anew_if_earlier(t, session)
        self._batch.add(session.series.columns("predicted"), t, message.moment)
        self._batch.add(session.series.columns("deviation"), t, message.sd or ())
        if message.t is not None:
            self._latency.add(t - message.t)

    def _begin_anew_if_earlier(self, t: float, session: Session) -> None:
        newest = session.history.newest(0)
        if newest is not None and t < newest * FINEST_S - CLOCK_BACK_S:
            session.history = History(len(session.series.names))
            self._post_meta(session)

    def _take_signals(self, message: SignalsMessage, session: Session) -> None:
        before, t = session.newest.get(SignalsMessage.topic), message.t_published
        since = before.t_published if isinstance(before, SignalsMessage) else t
        columns = session.series.columns
        self._batch.add_span(columns("level"), since, t, message.low, message.high)
        self._batch.add_span(
            columns("excitation"), since, t, message.excitation, message.excitation
        )

    def _take_muscles(self, message: MusclesMessage, session: Session) -> None:
        if not session.forces:
            session.forces = True
            self._post_meta(session)
        self._batch.add(session.series.columns("force"), message.t_published, message.force)

    def _take_status(self, message: StatusMessage, session: Session) -> None:
        self.board.post("status", message.model_dump(mode="json"))
        if not any(one.key == "moments" and one.state == "LIVE" for one in message.streams):
            session.reference, session.error = {}, {}  # the last one is no longer the present one
        if message.calibrator:
            self._take_update(message.calibrator, message.t)
        if message.parameters:
            self._show_set_in_use(message)

    def _take_reference(self, message: ReferenceMessage, session: Session) -> None:
        joints = session.meta.dofs
        for t, told, predicted in zip(message.t, message.reference, message.predicted, strict=True):
            if len(told) != len(joints):
                return
            reference = [np.nan if value is None else value for value in told]
            error = [
                np.nan if moment is None else moment - value
                for moment, value in zip(predicted, reference, strict=True)
            ]
            self._batch.add(session.series.columns("reference"), t, reference)
            self._batch.add(session.series.columns("error"), t, error)
            session.reference, session.error = _named(joints, reference), _named(joints, error)

    def _take_update(self, report: CalibratorReport, t: float) -> None:
        if report.count and self.updates and report.count == self.updates[-1]["count"]:
            return
        told = report.model_dump(mode="json", exclude={"age_s"})
        self.updates.append({**told, "t": t - (report.age_s or 0.0)})
        self.updates_seen += 1

    def _show_set_in_use(self, status: StatusMessage) -> None:
        """Show the parameters that a status tells, where they are newer than those shown."""
        version = status.calibrator.version if status.calibrator else 0
        posted = self.board.get("parameters")
        if posted and posted.header["version"] >= version:
            return
        told = status.model_dump(include={"session", "t", "muscles", "deviation", "combinations"})
        words = status.identifiability
        self._show_parameters(
            ParametersMessage(
                **told, version=version, values=status.parameters, identifiability=words
            )
        )

    def _show_parameters(self, message: ParametersMessage) -> None:
        told = message.model_dump(mode="json", exclude={"session", "t"})
        posted = self.board.get("parameters")
        start = posted.header["start"] if posted else told["values"]
        self.board.post("parameters", {**told, "start": start})


def _named(joints: Sequence[str], values: Sequence[float]) -> dict[str, float]:
    """Return the values that are known, by joint."""
    return {dof: value for dof, value in zip(joints, values, strict=True) if np.isfinite(value)}
