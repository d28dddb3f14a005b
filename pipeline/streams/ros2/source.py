"""Joint angles from a ROS 2 topic of ``sensor_msgs/msg/JointState``."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from pipeline.streams import clock
from pipeline.streams.base import Chunk, StreamHealth, StreamSpec
from pipeline.streams.ros2.joint_states import JointStateReader
from pipeline.streams.ros2.names import domain, full_name
from pipeline.streams.ros2.needs import load_dds

TYPE = "sensor_msgs/msg/JointState"


class Ros2Source:
    """A live stream of joint angles from a ROS 2 topic; who publishes may come and go.

    Parameters
    ----------
    spec
        What the pipeline wants from the stream; its channels are names of joints.
    topic
        ROS 2 name of the topic, for example ``/joint_states``.
    domain_id
        ROS 2 domain; None for that of ``ROS_DOMAIN_ID``.
    stale_after_s
        Age of the newest sample beyond which the stream is STALE, s.
    """

    def __init__(
        self,
        spec: StreamSpec,
        *,
        topic: str,
        domain_id: int | None = None,
        stale_after_s: float = 0.05,
    ) -> None:
        self._topic, self._domain_id = full_name(topic), domain_id
        self._called = f"ROS 2 topic '{self._topic}'"
        self._reader = JointStateReader(spec, self._called, stale_after_s)
        self._subscription: Any = None

    @property
    def spec(self) -> StreamSpec:
        """What the pipeline wants from this stream."""
        return self._reader.intake.spec

    def open(self) -> None:
        """Subscribe; returns at once, whether or not anyone publishes.

        Raises
        ------
        UserError
            If the package cyclonedds is missing, or the domain cannot be entered.
        """
        if self._subscription is None:
            dds = load_dds()
            self._domain_id = domain(self._domain_id)
            self._subscription = dds.Subscription(
                self._topic, dds.messages.JointState, self._domain_id
            )

    def poll(self, wait_s: float = 0.0, least: int = 1) -> Chunk | None:
        """Return what has arrived since the last call, or None; waits as `Source.poll` says."""
        if self._subscription is None:
            time.sleep(wait_s)
            return None
        if wait_s:
            self._subscription.wait(wait_s)
        chunks = []
        for taken in self._subscription.take():
            now = clock.now()
            if taken.message is None:
                self._reader.refusals.add(f"it is no {TYPE}.", now)
            elif chunk := self._reader.read(taken.message, taken.sender, now):
                chunks.append(chunk)
        if not chunks:
            return None
        return Chunk(
            self.spec.key,
            np.concatenate([chunk.t for chunk in chunks]),
            np.concatenate([chunk.x for chunk in chunks]),
        )

    def health(self, now: float) -> StreamHealth:
        """Return the stream's state at `now` (seconds, LSL clock)."""
        return self._reader.health(now, self._absence(now))

    def _absence(self, now: float) -> str:
        """Return why nothing has come yet, with what could be meant instead."""
        if self._subscription is None:
            return "The stream is not open."
        if np.isfinite(self._reader.intake.silence(now)):
            return ""
        if self._subscription.publishers:
            return f"{self._called} has sent nothing that names the wanted joints yet."
        published = self._subscription.published()
        if types := published.get(self._topic):
            return f"{self._called} carries {' and '.join(sorted(types))}, not {TYPE}."
        others = sorted(topic for topic, types in published.items() if TYPE in types)
        hint = f"; there is {', '.join(others)}" if others else ""
        return f"Nobody publishes {TYPE} on '{self._topic}' in domain {self._domain_id}{hint}."

    def close(self) -> None:
        """Release the stream; safe to call twice."""
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None
