"""Every key of the configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from daemon.config import Config
from daemon.config.section import Section
from hillstream_reference.markdown import code, plain, summary, table, unit_in
from hillstream_reference.types import models_in, words

_SUFFIXES = {
    "_nm_per_s": "N·m/s",
    "_nm": "N·m",
    "_hz": "Hz",
    "_s": "s",
    "_rad": "rad",
    "_kg": "kg",
    "_mvc": "MVC",
}
_HEADS = ("key", "type", "unit", "default", "meaning")


def text() -> str:
    """Return a section per table of the file, and in it a row per key."""
    return "\n".join(_section(places, model) for places, model in tables())


def tables() -> list[tuple[list[str], type[Section]]]:
    """Return each table of the file, once per kind, with the places where it may stand."""
    found: dict[type[Section], list[str]] = {Config: [""]}
    for place, model in _walk("", Config):
        found.setdefault(model, []).append(place)
    return [(places, model) for model, places in found.items()]


def _walk(place: str, model: type[Section]) -> Iterator[tuple[str, type[Section]]]:
    for name, field in model.model_fields.items():
        for inner in models_in(field.annotation):
            key = f"{place}.{field.alias or name}".lstrip(".")
            yield _brackets(key, field.annotation), inner
            yield from _walk(key, inner)


def _brackets(key: str, annotation: Any) -> str:
    origin = get_origin(annotation)
    return f"[[{key}]]" if origin is list else f"[{key}.NAME]" if origin is dict else f"[{key}]"


def _section(places: list[str], model: type[Section]) -> str:
    title = ", ".join(code(place) for place in places if place) or "At the top of the file"
    rows = [_row(field.alias or name, field) for name, field in model.model_fields.items()]
    return f"## {title}\n\n{summary(model.__doc__)}\n\n{table(_HEADS, rows)}"


def _row(name: str, field: FieldInfo) -> tuple[str, ...]:
    meaning = field.description or ""
    if not meaning and (inner := models_in(field.annotation)):
        meaning = (inner[0].__doc__ or "").strip().split("\n\n")[0]
    kind = words(field.annotation, field.metadata)
    return code(name), kind, unit(name, meaning), default(field), plain(meaning)


def unit(name: str, meaning: str) -> str:
    """Return the unit of a key: that of its name, or else that of its description."""
    ends = (told for suffix, told in _SUFFIXES.items() if name.endswith(suffix))
    return next(ends, unit_in(meaning))


def default(field: FieldInfo) -> str:
    """Return the value of a key that the file leaves out, as the file would have it."""
    if field.is_required():
        return "*needed*"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        given = value.model_dump(exclude_unset=True)
        return code(_toml(given)) if given else "its own"
    return code(_toml(value))


def _toml(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | Path):
        return f'"{value}"'
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {_toml(one)}' for key, one in value.items())}}}"
    return f"{value:g}" if isinstance(value, float) else str(value)
