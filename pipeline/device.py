"""Where tensors lie: with the host, or with a GPU that computes while the host goes on."""

from __future__ import annotations

import torch

HOSTS = frozenset({"cpu"})
"""Types of device with which the host computes itself."""


def asynchronous(device: torch.device) -> bool:
    """Tell whether a device computes while the host goes on, so that to read a value is to wait."""
    return device.type not in HOSTS
