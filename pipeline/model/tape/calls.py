"""The NumPy calls that an operation of torch comes to, on arrays that are there already.

Results agree with torch's to rounding. Every call writes into the array it is given, so that
playing a tape allocates nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Number = float | int
Call = tuple[Callable[..., object], tuple[Any, ...]]
"""A function that changes arrays in place, and what it is called with."""
Translation = Callable[..., list[Call]]
"""Of an operation: gets the array of its result, then its arguments, tensors as arrays."""


class UntranslatableError(Exception):
    """The code does something that a tape cannot play."""


def _elementwise(function: Callable[..., object]) -> Translation:
    def translate(out: Array, *inputs: Any) -> list[Call]:
        return [(function, (*inputs, out))]

    return translate


def _extreme(function: Callable[..., object]) -> Translation:
    def translate(out: Array, one: Any, other: Any) -> list[Call]:
        return [(partial(function, out=out), (one, other))]  # NumPy wants it by name here

    return translate


def _scaled(function: Callable[..., object]) -> Translation:
    """Of an addition or subtraction whose second argument may have a factor."""

    def translate(out: Array, one: Any, other: Any, *, alpha: Number = 1) -> list[Call]:
        if alpha == 1:
            return [(function, (one, other, out))]
        scaled = np.empty(np.shape(other), out.dtype)
        return [(np.multiply, (other, alpha, scaled)), (function, (one, scaled, out))]

    return translate


def _reverse_subtract(out: Array, one: Any, other: Any, alpha: Number = 1) -> list[Call]:
    return _scaled(np.subtract)(out, other, one, alpha=alpha)


def _multiply_and_add(
    out: Array, base: Any, one: Any, other: Any, *, value: Number = 1
) -> list[Call]:
    product = np.empty(np.broadcast_shapes(np.shape(one), np.shape(other)), out.dtype)
    calls: list[Call] = [(np.multiply, (one, other, product))]
    if value == -1:
        return [*calls, (np.subtract, (base, product, out))]
    if value != 1:
        calls.append((np.multiply, (product, value, product)))
    return [*calls, (np.add, (base, product, out))]


def _interpolate(out: Array, start: Any, end: Any, weight: Any) -> list[Call]:
    way = np.empty_like(out)
    return [
        (np.subtract, (end, start, way)),
        (np.multiply, (way, weight, way)),
        (np.add, (start, way, out)),
    ]


def _clamp(out: Array, x: Array, low: Any = None, high: Any = None) -> list[Call]:
    calls: list[Call] = []
    if low is not None:
        calls += _extreme(np.maximum)(out, x, low)
        x = out
    if high is not None:
        calls += _extreme(np.minimum)(out, x, high)
    return calls


def _at_most(out: Array, x: Array, high: Any) -> list[Call]:
    return _clamp(out, x, None, high)


def _sigmoid(out: Array, x: Array) -> list[Call]:
    return [
        (np.negative, (x, out)),
        (np.exp, (out, out)),
        (np.add, (out, 1.0, out)),
        (np.reciprocal, (out, out)),
    ]


def _softplus(out: Array, x: Array, beta: Number = 1, threshold: Number = 20) -> list[Call]:
    if beta != 1:
        raise UntranslatableError("softplus with a factor is not known.")
    return [(np.logaddexp, (x, 0.0, out))]  # beyond any threshold of use the two are the same


def _where(out: Array, condition: Array, yes: Any, no: Any) -> list[Call]:
    return [(np.copyto, (out, no)), (_copy_where, (out, yes, condition))]


def _masked_fill(out: Array, x: Array, mask: Array, value: Any) -> list[Call]:
    return [(np.copyto, (out, x)), (_copy_where, (out, value, mask))]


def _copy_where(out: Array, values: Any, condition: Array) -> None:
    np.copyto(out, values, where=condition)


def _copied(out: Array, x: Any, **_: object) -> list[Call]:
    return [(_copy, (out, x))]


def _copy(out: Array, values: Any) -> None:
    np.copyto(out, values, casting="unsafe")  # as the type of `out` says


def _reduced(function: np.ufunc) -> Translation:
    def translate(
        out: Array, x: Array, dim: Sequence[int] | None = None, keepdim: bool = False, **_: object
    ) -> list[Call]:
        axes = tuple(dim) if dim else None
        # Places in the call of a ufunc's reduction: axis, type, result, whether axes are kept.
        return [(function.reduce, (x, axes, None, out, keepdim))]

    return translate


def _taken(out: Array, x: Array, axis: int, index: Array) -> list[Call]:
    return [(_take, (x, index, axis, out))]


def _indexed(out: Array, x: Array, indices: Sequence[Array | None]) -> list[Call]:
    given = [(axis, index) for axis, index in enumerate(indices) if index is not None]
    if len(given) != 1 or given[0][1].ndim != 1:
        raise UntranslatableError("More than one index is not known.")
    return _taken(out, x, *given[0])


def _take(x: Array, index: Array, axis: int, out: Array) -> None:
    np.take(x, index, axis, out, "clip")  # the only mode without a buffer; no index is outside


def _joined(out: Array, parts: Sequence[Array], axis: int = 0) -> list[Call]:
    return [(partial(np.concatenate, axis=axis, out=out), (tuple(parts),))]


def _stacked(out: Array, parts: Sequence[Array], axis: int = 0) -> list[Call]:
    return [(partial(np.stack, axis=axis, out=out), (tuple(parts),))]


TRANSLATIONS: Mapping[str, Translation] = {
    **{
        name: _elementwise(getattr(np, name))
        for name in ("exp", "expm1", "sqrt", "log", "floor", "reciprocal", "square", "tanh")
    },
    "abs": _elementwise(np.absolute),
    "neg": _elementwise(np.negative),
    "mul": _elementwise(np.multiply),
    "div": _elementwise(np.divide),
    "pow": _elementwise(np.power),
    "maximum": _extreme(np.maximum),
    "minimum": _extreme(np.minimum),
    "copysign": _elementwise(np.copysign),
    "lt": _elementwise(np.less),
    "le": _elementwise(np.less_equal),
    "gt": _elementwise(np.greater),
    "ge": _elementwise(np.greater_equal),
    "bitwise_and": _elementwise(np.bitwise_and),
    "logical_and": _elementwise(np.logical_and),
    "add": _scaled(np.add),
    "sub": _scaled(np.subtract),
    "rsub": _reverse_subtract,
    "addcmul": _multiply_and_add,
    "lerp": _interpolate,
    "clamp": _clamp,
    "clamp_min": _clamp,
    "clamp_max": _at_most,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "where": _where,
    "masked_fill": _masked_fill,
    "clone": _copied,
    "_to_copy": _copied,
    "sum": _reduced(np.add),
    "amax": _reduced(np.maximum),
    "index_select": _taken,
    "index": _indexed,
    "cat": _joined,
    "stack": _stacked,
}
"""By the name of torch's operation, without an underscore at its end: in place is all the same."""

CONSTANTS = frozenset({"new_full", "full_like", "zeros_like", "ones_like"})
"""Operations whose result does not depend on the values that they are given."""
