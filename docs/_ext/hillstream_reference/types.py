"""Types of fields in words, as somebody wants them who writes a file or reads a message."""

from __future__ import annotations

import types
from collections.abc import Iterable, Sequence
from dataclasses import is_dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

_NAMES = {str: "text", bool: "true or false", int: "whole number", float: "number", Path: "path"}


def words(kind: Any, metadata: Iterable[Any] = ()) -> str:
    """Return a type in words, with the limits that its metadata set."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return words(inner[0], (*inner[1:], *metadata))
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(words(one) for one in inner if one is not type(None)))
    if origin is Literal:
        return ", ".join(f"`{_literal(one)}`" for one in inner)
    if origin is dict:
        return f"table of {words(inner[1])}"
    if origin in (list, tuple, Sequence):
        return _several(inner)
    return _single(kind) + _limits(metadata)


def _several(inner: tuple[Any, ...]) -> str:
    if len(inner) > 1 and inner[-1] is not Ellipsis:
        return f"list of {len(inner)}: {words(inner[0])} each"
    return f"list of {words(inner[0])}"


def _single(kind: Any) -> str:
    if kind in _NAMES:
        return _NAMES[kind]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "text"
    if isinstance(kind, type) and (issubclass(kind, BaseModel) or is_dataclass(kind)):
        return "table"
    return "any"


def _literal(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _limits(metadata: Iterable[Any]) -> str:
    found: dict[str, Any] = {}
    for one in _spread(metadata):
        found |= {key: getattr(one, key) for key in ("ge", "gt", "le", "lt") if hasattr(one, key)}
    told = [
        f"{word} {found[key]:g}"
        for key, word in (("gt", "above"), ("ge", "from"), ("le", "to"), ("lt", "below"))
        if key in found and abs(found[key]) < 2**31
    ]
    return f", {' '.join(told)}" if told else ""


def _spread(metadata: Iterable[Any]) -> Iterable[Any]:
    """Return constraints, those within a `Field` taken out of it."""
    for one in metadata:
        yield from one.metadata if isinstance(one, FieldInfo) else (one,)


def models_in(kind: Any) -> list[type[Any]]:
    """Return the models and dataclasses within a type, in order."""
    if isinstance(kind, type) and get_origin(kind) is None:
        return [kind] if issubclass(kind, BaseModel) or is_dataclass(kind) else []
    return [model for one in get_args(kind) for model in models_in(one)]
