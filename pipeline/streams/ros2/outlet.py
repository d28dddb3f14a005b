"""Joint angles as a ROS 2 topic of ``sensor_msgs/msg/JointState``."""

from __future__ import annotations

from typing import Any

from pipeline.streams.base import Array
from pipeline.streams.ros2.names import domain
from pipeline.streams.ros2.needs import load_dds
from pipeline.streams.ros2.quality import Quality
from pipeline.streams.ros2.ros_time import to_ros

DEPTH = 1000
"""Messages kept for a subscriber that lost some."""


class Ros2Outlet:
    """A publisher of joint angles.

    Parameters
    ----------
    topic
        ROS 2 name of the topic.
    channels
        Names of the joints.
    domain_id
        ROS 2 domain; None for that of ``ROS_DOMAIN_ID``.

    Raises
    ------
    UserError
        If the package cyclonedds is missing, or the domain cannot be entered.
    """

    def __init__(self, topic: str, channels: tuple[str, ...], domain_id: int | None = None) -> None:
        dds = load_dds()
        self._messages, self._channels = dds.messages, list(channels)
        self._publication: Any = dds.Publication(
            topic, dds.messages.JointState, Quality(depth=DEPTH), domain(domain_id)
        )

    def push(self, t: Array, x: Array) -> None:
        """Send samples; `t` in s on the LSL clock, shape [n], `x` in rad, shape [n, channels]."""
        if self._publication is None:
            return
        for stamp, row in zip(t.tolist(), x.tolist(), strict=True):
            header = self._messages.Header(self._messages.Time(*to_ros(stamp)))
            self._publication.write(self._messages.JointState(header, self._channels, row))

    def close(self) -> None:
        """Release the stream; safe to call twice."""
        if self._publication is not None:
            self._publication.close()
            self._publication = None
