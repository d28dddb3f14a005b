"""What can carry a live stream."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Transport = Literal["lsl", "zmq", "ros2"]
"""Who must know every one writes a `match`, so that mypy names the places that lack a new one."""

TRANSPORT_NAMES: Mapping[Transport, str] = MappingProxyType(
    {"lsl": "LSL", "zmq": "ZeroMQ", "ros2": "ROS 2"}
)
"""What people call them."""
FOR_EVERY_STREAM: tuple[Transport, ...] = ("lsl", "zmq")
"""Those that carry all streams; ROS 2 carries joint angles only."""
