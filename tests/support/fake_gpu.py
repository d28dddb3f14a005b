"""A GPU that is not there: shapes, types and devices are checked, nothing is computed.

torch's fake CUDA tensors (`FakeTensorMode`) need a torch that is built with CUDA: without, the
first slice of one is refused and the first gradient ends the process. What they are made of,
tensors of the device "meta", needs none; like those of a GPU they refuse to be read, and to be
mixed with tensors of the host. `no_waits` refuses the rest that makes a GPU's host wait.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

DEVICE = "meta"
"""Where operations and gradients are recorded without being computed."""

_READS = {"_local_scalar_dense", "nonzero", "masked_select", "_linalg_check_errors", "equal"}
"""Operations after which the host knows something of the GPU's numbers."""
_COPIES = {"_to_copy", "copy_", "lift_fresh_copy"}


class HostWaitError(Exception):
    """The host waits for the GPU, or gives it something, in the midst of a descent."""


class no_waits(ExitStack):
    """Refuses within it whatever makes a GPU's host wait."""

    def __init__(self) -> None:
        super().__init__()
        self.enter_context(_NoCalls())
        self.enter_context(NoWaits())


class _NoCalls(TorchFunctionMode):
    """Refuses what is given to the GPU before any operation: Python's numbers, lists as indices."""

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs, name = kwargs or {}, getattr(function, "__name__", "")
        on_host = str(kwargs.get("device", "cpu")) == "cpu"
        given = name == "new_tensor" or (name in ("tensor", "as_tensor") and not on_host)
        if given or (name in ("__getitem__", "__setitem__") and _by_list(args[1])):
            raise HostWaitError(f"'{name}' gives the GPU numbers of Python's.")
        return function(*args, **kwargs)


class NoWaits(TorchDispatchMode):
    """Refuses what a GPU's host would have to wait for.

    That is a value that is read, and a copy from one to the other: memory that is not pinned is
    waited for both ways. A number of the host's is nothing to wait for, save where it is an index.
    """

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        name = operation.overloadpacket.__name__
        given = [one for one in tree_leaves((args, kwargs or {})) if isinstance(one, Tensor)]
        mixed = len({one.device.type for one in given}) > 1
        if name in _READS:
            raise HostWaitError(f"'{name}' reads what the GPU has yet to compute.")
        if mixed and (name in _COPIES or any(_is_host_array(one) for one in given)):
            raise HostWaitError(f"'{name}' mixes what the host has with what the GPU has.")
        out = operation(*args, **(kwargs or {}))
        made = [one for one in tree_leaves(out) if isinstance(one, Tensor)]
        if name in _COPIES and {o.device.type for o in made} != {g.device.type for g in given}:
            raise HostWaitError(f"'{name}' copies between the host and the GPU.")
        return out


class Copies(TorchDispatchMode):
    """Counts the copies from the host to where nothing is computed."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        out = operation(*args, **(kwargs or {}))
        if operation.overloadpacket.__name__ in _COPIES:
            self.count += args[0].device.type == "cpu" and out.device.type == DEVICE
        return out


def _is_host_array(tensor: Tensor) -> bool:
    return tensor.device.type == "cpu" and tensor.dim() > 0


class Reads(TorchFunctionMode):
    """Counts where the host reads a tensor's numbers, of computations that really happen."""

    _NAMES = frozenset({
        "item", "tolist", "cpu", "numpy", "nonzero", "masked_select", "equal", "allclose",
        "__bool__", "__float__", "__int__", "__index__", "__array__",
    })  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.by_name: Counter[str] = Counter()

    @property
    def count(self) -> int:
        """How often anything was read."""
        return self.by_name.total()

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        name = getattr(function, "__name__", "")
        if name in self._NAMES or (name in ("__getitem__", "__setitem__") and _by_mask(args[1])):
            self.by_name[name] += 1
        return function(*args, **(kwargs or {}))


def _by_list(index: Any) -> bool:
    return isinstance(index, list) or (
        isinstance(index, tuple) and any(isinstance(one, list) for one in index)
    )


def _by_mask(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(one, Tensor) and one.dtype == torch.bool for one in parts)
