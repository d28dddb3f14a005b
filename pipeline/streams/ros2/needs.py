"""The package that ROS 2 needs, loaded at the first use."""

from __future__ import annotations

from typing import Any

from pipeline.errors import UserError

FIX = "install it with pip install 'hillstream[ros2]'"


def load_dds() -> Any:
    """Import `pipeline.streams.ros2.dds`, and with it `cyclonedds`.

    Raises
    ------
    UserError
        If the package `cyclonedds` is missing or cannot be loaded.
    """
    try:
        from pipeline.streams.ros2 import dds
    except (ImportError, OSError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(". ")
        raise UserError(
            f"ROS 2 cannot be used without the package cyclonedds ({reason}); {FIX}."
        ) from error
    return dds
