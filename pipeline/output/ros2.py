"""Moments over ROS 2: joint states with effort, and diagnostics; no ROS is needed here."""

from __future__ import annotations

import logging
from typing import Any

from pipeline.output.diagnosis import diagnose
from pipeline.output.message import Message, MetaMessage, MomentMessage, Status, StatusMessage
from pipeline.output.validity import ValidityFade
from pipeline.streams.ros2.names import domain
from pipeline.streams.ros2.needs import load_dds
from pipeline.streams.ros2.quality import Quality
from pipeline.streams.ros2.ros_time import to_ros

LOOK_EVERY_S = 1.0
"""How often it is looked whether a subscriber is kept away, s."""
HARDWARE_ID = "hillstream"

logger = logging.getLogger(__name__)


class Ros2Publisher:
    """Moments as ``sensor_msgs/msg/JointState``, the state as ``DiagnosticArray``.

    A joint state has the joints' names, their moments as effort in N*m, and the time of the newest
    EMG in ROS time as its stamp (zero before there is any). It has no field for validity, so what
    is not ok does not leave as it is: see `withhold`. DDS is told how long a message is valid.

    Parameters
    ----------
    meta
        Session, joints and validity of all that follows.
    topic, diagnostics
        ROS 2 names of the two topics.
    domain_id
        ROS 2 domain; None for that of ``ROS_DOMAIN_ID``.
    quality
        What subscribers to the moments may ask for; diagnostics are reliable, as those who show
        them ask.
    fade_s
        Time in which the effort of a joint that is not ok goes to zero, and back, s.
    withhold
        Whether no joint state is sent at all while a joint is not ok; the last one, when the
        daemon stops, is.

    Raises
    ------
    UserError
        If the package cyclonedds is missing, or the domain cannot be entered.
    """

    def __init__(
        self,
        meta: MetaMessage,
        *,
        topic: str,
        diagnostics: str,
        domain_id: int | None = None,
        quality: Quality,
        fade_s: float,
        withhold: bool = False,
    ) -> None:
        dds, number = load_dds(), domain(domain_id)
        self._messages = dds.messages
        self._joints = meta.dofs
        self._topic = topic
        self._efforts: Any = dds.Publication(topic, dds.messages.JointState, quality, number)
        self._diagnoses: Any = dds.Publication(
            diagnostics,
            dds.messages.DiagnosticArray,
            Quality(depth=quality.depth, keeps_last=quality.keeps_last),
            number,
        )
        self._fade, self._withhold = ValidityFade(fade_s), withhold
        self._longest_step_s = 2.0 / meta.rate_hz
        """More of a fade is in no message: after a stall it goes on from where it was."""
        self._weights: tuple[float, ...] = (0.0,) * len(meta.dofs)
        self._moment: MomentMessage | None = None
        self._status: StatusMessage | None = None
        self._look_due = 0.0
        self._lost = 0
        logger.info("Publishing moments on ROS 2 topic %s in domain %d", topic, number)

    @property
    def counts(self) -> dict[str, int]:
        """What went wrong so far."""
        return {"lost_ros2_messages": self._lost}

    def send(self, message: Message) -> None:
        """Send a moment or a status; others do not go this way. Never waits."""
        if isinstance(message, MomentMessage):
            self._send_moment(message)
        elif isinstance(message, StatusMessage):
            self._status = message
            self._diagnose(message.t)

    def _send_moment(self, message: MomentMessage) -> None:
        before, self._moment = self._moment, message
        elapsed_s = message.t_published - before.t_published if before else 0.0
        elapsed_s = min(elapsed_s, self._longest_step_s)
        self._weights = self._fade.step(self._weights, message.ok, elapsed_s)
        if all(message.ok) or message.status is Status.STOPPED or not self._withhold:
            self._write(self._efforts, self._joint_state(message))
        if before is None or (before.status, before.ok) != (message.status, message.ok):
            self._diagnose(message.t_published)

    def _joint_state(self, message: MomentMessage) -> Any:
        weights = (1.0,) * len(message.ok) if self._withhold else self._weights
        effort = [weight * value for weight, value in zip(weights, message.moment, strict=True)]
        return self._messages.JointState(self._header(message.t), list(self._joints), effort=effort)

    def _diagnose(self, t: float) -> None:
        found = [
            self._messages.DiagnosticStatus(
                one.level,
                one.name,
                one.message,
                HARDWARE_ID,
                [self._messages.KeyValue(*value) for value in one.values],
            )
            for one in diagnose(self._joints, self._moment, self._status)
        ]
        self._write(self._diagnoses, self._messages.DiagnosticArray(self._header(t), found))

    def _header(self, t: float | None) -> Any:
        return self._messages.Header(self._messages.Time(*to_ros(t)))

    def _write(self, publication: Any, message: Any) -> None:
        if publication.write(message):
            return
        if not self._lost:
            logger.warning("ROS 2: DDS did not take a message; those that follow are counted")
        self._lost += 1

    def tend(self, now: float) -> None:
        """Say once a second whether a subscriber asks for what is not offered."""
        if now < self._look_due:
            return
        self._look_due = now + LOOK_EVERY_S
        if policy := self._efforts.kept_away():
            logger.warning(
                "A subscriber of %s gets nothing, since it asks for another %s than "
                "[output.ros2] offers; change one of the two.",
                self._topic,
                policy,
            )

    def close(self) -> None:
        """Let the last messages arrive, for two seconds at most, and go; safe to call twice."""
        self._efforts.close()
        self._diagnoses.close()
