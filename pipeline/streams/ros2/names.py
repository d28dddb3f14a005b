"""Names of ROS 2 as DDS has them, and the domain that is meant.

The rules are those of the ROS 2 design article "Topic and Service name mapping to DDS"
(design.ros2.org/articles/topic_and_service_names.html).
"""

from __future__ import annotations

import os
import re

from pipeline.errors import UserError

_TOPIC = re.compile(r"/?[A-Za-z_]\w*(/[A-Za-z_]\w*)*", re.ASCII)
DOMAIN_VARIABLE = "ROS_DOMAIN_ID"
LARGEST_DOMAIN = 232
"""The ports of a domain of a larger number would be above 65535."""


def full_name(topic: str) -> str:
    """Return a ROS 2 topic with its leading slash.

    Raises
    ------
    ValueError
        If it is not a name that ROS 2 allows.
    """
    if not _TOPIC.fullmatch(topic):
        raise ValueError(
            f"'{topic}' is no ROS 2 topic; use letters, digits, _ and /, such as /joint_states"
        )
    return f"/{topic.removeprefix('/')}"


def dds_topic(topic: str) -> str:
    """Return what a topic is called in DDS: ``rt/joint_states`` for ``/joint_states``."""
    return f"rt{full_name(topic)}"


def ros_topic(dds_name: str) -> str | None:
    """Return the topic that a DDS topic carries, or None where it carries no ROS 2 topic."""
    return dds_name.removeprefix("rt") if dds_name.startswith("rt/") else None


def ros_type(dds_type: str) -> str:
    """Return what ROS 2 calls a DDS type: ``a/msg/B`` for ``a::msg::dds_::B_``."""
    return dds_type.replace("::dds_::", "::").removesuffix("_").replace("::", "/")


def domain(configured: int | None) -> int:
    """Return the DDS domain: the configured one, else that of ``ROS_DOMAIN_ID``, else 0.

    Raises
    ------
    UserError
        If ``ROS_DOMAIN_ID`` is set to something else than a domain.
    """
    if configured is not None:
        return configured
    stated = os.environ.get(DOMAIN_VARIABLE) or "0"
    if not (stated.isascii() and stated.isdigit() and int(stated) <= LARGEST_DOMAIN):
        raise UserError(
            f"The environment variable {DOMAIN_VARIABLE} is '{stated}', which is no ROS 2 domain; "
            f"set it to a number from 0 to {LARGEST_DOMAIN}, or give domain_id."
        )
    return int(stated)
