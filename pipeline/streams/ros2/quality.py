"""What a ROS 2 publication offers its subscribers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Quality:
    """Quality of service of a publication, by the words of ROS 2.

    Parameters
    ----------
    reliable
        Whether what is lost on the way is sent again to those who ask for it; else best effort.
    depth
        Newest messages that are kept for it.
    keeps_last
        Whether a late subscriber that asks for it gets the newest `depth` messages: durability
        transient local; else volatile.
    valid_for_s
        Life of a message and longest time between two, s: DDS hands out none that is older
        (lifespan), and tells a subscriber that asks for it when none has come (deadline). None
        promises neither.
    """

    reliable: bool = True
    depth: int = 10
    keeps_last: bool = False
    valid_for_s: float | None = None
