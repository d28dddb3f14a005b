"""A tape: what torch code does to small arrays, recorded once and played in NumPy.

An operation of torch on a handful of numbers takes some microseconds, of which the arithmetic is a
small part; one of NumPy into an array that exists takes a fraction of that. A tape runs torch code
once, on the tensors that it will be played on, and keeps the NumPy calls that do the same in the
memory of the very tensors it has met. So there is one definition, in torch, with gradients for
whoever needs them, and a fast way to evaluate it where nobody does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from pipeline.model.tape.calls import CONSTANTS, TRANSLATIONS, Call, UntranslatableError

_NEVER, _PREPARED, _PLAYED = range(3)
"""When a number may change: never, when the tape is prepared anew, whenever it is played."""


class Tape:
    """Stages of a computation, played in the memory of the tensors that it was recorded with.

    Notes
    -----
    Whoever plays a tape writes what is given into the memory of inputs and settings
    (``tensor.numpy()[...] = ...``), and reads from that of the results. All are on the CPU and
    without gradients. A decision taken by a value while the tape is recorded would be played ever
    after: it is refused, like every operation that is not known.
    """

    def __init__(self) -> None:
        self._changes: dict[int, int] = {}
        """When what lies in a storage changes, by its address."""
        self._kept: list[Any] = []
        """Every tensor that was met, for its memory."""
        self._preparation: list[Call] = []

    def input(self, *shape: int) -> Tensor:
        """Return a tensor for what changes whenever the tape is played."""
        return self._given(torch.zeros(shape, dtype=torch.float64), _PLAYED)

    def setting(self, value: Tensor) -> Tensor:
        """Return a tensor for what changes seldom; what follows from it alone is prepared."""
        return self._given(value.clone(), _PREPARED)

    def _given(self, tensor: Tensor, when: int) -> Tensor:
        self._kept.append(tensor)
        self._changes[_storage(tensor)] = when
        return tensor

    @contextmanager
    def stage(self) -> Iterator[Callable[[], None]]:
        """Record what happens inside; yields the function that plays it.

        Raises
        ------
        UntranslatableError
            If something happens that cannot be played.
        """
        calls: list[Call] = []
        with torch.no_grad(), _Listener(self, calls):
            yield partial(_play, calls)

    def prepare(self) -> None:
        """Compute what follows from the settings alone, of all stages."""
        _play(self._preparation)

    def take(
        self,
        name: str,
        mutable: bool,
        args: Sequence[Any],
        kwargs: dict[str, Any],
        out: Any,
        calls: list[Call],
    ) -> None:
        """Record an operation and its result."""
        results = out if isinstance(out, (list, tuple)) else [out]
        self._kept.append((args, kwargs, results))
        given = [*_tensors(args), *_tensors(kwargs.values())]
        when = max((self._changes.get(_storage(one), _NEVER) for one in given), default=_NEVER)
        if not mutable and all(_storage(one) in set(map(_storage, given)) for one in results):
            return  # a view: its memory is that of what it shows
        if when == _NEVER or name in CONSTANTS:
            return
        if len(results) != 1 or name not in TRANSLATIONS:
            raise UntranslatableError(f"'{name}' is not known.")
        place = _storage(results[0])
        if mutable and self._changes.get(place, _NEVER) != when:
            raise UntranslatableError(f"'{name}' changes what is computed at another time.")
        self._changes[place] = when
        into = self._preparation if when == _PREPARED else calls
        given_as = {key: self._as_array(value) for key, value in kwargs.items()}
        into.extend(TRANSLATIONS[name](results[0].numpy(), *self._as_array(args), **given_as))

    def _as_array(self, value: Any) -> Any:
        """Return the memory of a tensor; of a constant without dimensions the number."""
        if isinstance(value, Tensor):
            fixed = value.dim() == 0 and self._changes.get(_storage(value), _NEVER) == _NEVER
            return value.item() if fixed else value.detach().numpy()
        if isinstance(value, (list, tuple)):
            return [self._as_array(one) for one in value]
        return value


class _Listener(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Passes every operation of torch on to a tape, and lets it happen."""

    def __init__(self, tape: Tape, calls: list[Call]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._tape, self._calls = tape, calls

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Keep torch from importing its compiler, a second's work, to keep it away from here."""
        return False

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        name = operation.overloadpacket.__name__
        if name == "_local_scalar_dense":
            raise UntranslatableError("A decision is taken by a value.")
        out = operation(*args, **kwargs)
        mutable = operation._schema.is_mutable
        self._tape.take(name.rstrip("_"), mutable, args, kwargs, out, self._calls)
        return out


def _play(calls: list[Call]) -> None:
    for function, arguments in calls:
        function(*arguments)


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _tensors(values: Any) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from _tensors(value)
