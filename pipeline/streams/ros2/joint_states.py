"""The reader of a topic's joint states; one that is of no use is counted.

This is the entrance for messages that anyone may have sent; it knows nothing of DDS.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from pipeline.errors import UserError
from pipeline.streams.arrival import ArrivalStamper
from pipeline.streams.base import Chunk, StreamHealth, StreamSpec
from pipeline.streams.channels import Picked, pick_channels
from pipeline.streams.intake import TOLD_S, Intake
from pipeline.streams.refusals import Refusals
from pipeline.streams.ros2.ros_time import to_lsl

logger = logging.getLogger(__name__)

MAX_JOINTS = 1024
NEXT_SENDER_S = 0.5
"""Another sender is listened to once the one so far has been silent for this long, s."""
RIGHT_STAMPS = (
    "header.stamp in the ROS time of this machine's clock (no simulated time), or leave it zero"
)


class JointStateReader:
    """Takes angles out of joint states, and knows how the stream is doing.

    A message that names none of the wanted joints is another part's and is passed over. One that
    lacks some of them, or holds no position for each of its names, is dropped and counted.

    Parameters
    ----------
    spec
        What the pipeline wants from the stream; positions are in rad.
    called
        The stream's name in sentences.
    stale_after_s
        Age of the newest sample beyond which the stream is STALE, s.
    """

    def __init__(self, spec: StreamSpec, called: str, stale_after_s: float) -> None:
        self.intake = Intake(spec, stale_after_s, RIGHT_STAMPS)
        self.refusals = Refusals(called)
        self._called = called
        self._stamper = ArrivalStamper(spec.rate_hz)
        self._names: tuple[str, ...] = ()
        self._columns: Picked | None = None
        """Where the wanted joints are among `_names`; None where none is."""
        self._sender: int | None = None
        self._changes = 0
        self._rival_at = -np.inf

    def read(self, message: Any, sender: int, now: float) -> Chunk | None:
        """Return what of a message may be used; None where that is nothing.

        Parameters
        ----------
        message
            Has the fields of ``sensor_msgs/msg/JointState``.
        sender
            Tells one publication from another.
        now
            Time of arrival, s.
        """
        try:
            columns = self._found(message)
        except UserError as error:
            self.refusals.add(str(error), now)
            return None
        if columns is None or not self._follows(sender, now):
            return None
        stamp = to_lsl(message.header.stamp.sec, message.header.stamp.nanosec)
        t = self._stamper.stamps(1, now) if stamp is None else np.array([stamp])
        x = np.array([message.position], dtype=np.float64)
        return self.intake.take(t, x, columns, 1.0, now)

    def _found(self, message: Any) -> Picked | None:
        """Return where the wanted joints are; None for a message of other joints."""
        names = tuple(message.name)
        if len(names) > MAX_JOINTS:
            raise UserError(f"{len(names)} joints are more than {MAX_JOINTS}.")
        if names != self._names:
            self._columns = self._picked(names)
            self._names = names
        if self._columns is not None and len(message.position) != len(names):
            raise UserError(
                f"position has {len(message.position)} values for {len(names)} joints; publish the "
                "angle of each, in rad."
            )
        return self._columns

    def _picked(self, names: tuple[str, ...]) -> Picked | None:
        spec = self.intake.spec
        try:
            columns = pick_channels(spec.channels, names, self._called, spec.origins)
        except UserError:
            if self._of_others(names):
                return None
            raise
        if columns.note:
            logger.warning("%s: %s", self._called, columns.note)
        return columns

    def _of_others(self, names: tuple[str, ...]) -> bool:
        """Tell whether a message that lacks wanted joints names none of them at all."""
        spec = self.intake.spec
        for wanted in spec.channels:
            try:
                pick_channels([wanted], names, self._called, spec.origins)
            except UserError:
                continue
            return False
        return True

    def _follows(self, sender: int, now: float) -> bool:
        """Tell whether a message is of the sender that is listened to."""
        if self._sender not in (None, sender):
            if self.intake.silence(now) < NEXT_SENDER_S:
                self._rival_at = now
                return False
            self._changes += 1
        self._sender = sender
        return True

    def health(self, now: float, absence: str) -> StreamHealth:
        """Return the stream's state at `now` (s, LSL clock); `absence` is why nothing has come."""
        return self.intake.health(
            now,
            self.intake.source_state(now),
            note=self._note(now, absence),
            reconnects=self._changes,
            messages=(self.refusals.count, 0),
        )

    def _note(self, now: float, absence: str) -> str:
        if refused := self.refusals.note(now):
            return refused
        if np.isinf(self.intake.silence(now)):
            return absence
        if oddity := self.intake.oddity(now):
            return oddity
        if now - self._rival_at < TOLD_S:
            return (
                f"{self._called} is published by more than one node; the first is listened to, as "
                "long as it sends. Stop the other, or give it another topic."
            )
        return ""
