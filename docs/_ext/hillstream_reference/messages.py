"""Every published message and its fields."""

from __future__ import annotations

import ast
import inspect
from dataclasses import fields, is_dataclass
from itertools import pairwise
from textwrap import dedent
from typing import Any, get_type_hints

from pydantic.fields import FieldInfo

from hillstream_reference.markdown import code, plain, summary, table, unit_in
from hillstream_reference.types import models_in, words
from pipeline.output.message import TOPICS, Status

_HEADS = ("key", "in Python", "type", "unit", "meaning")


def text() -> str:
    """Return a section per topic, the parts that messages are made of, and the statuses."""
    topics = [_section(f"`{topic}`", kind) for topic, kind in TOPICS.items()]
    inner = [_section(f"{one.__name__} in `{topic}`", one) for topic, one in _parts()]
    rows = [(code(one.value), plain(one.sentence)) for one in Status]
    return "\n".join((*topics, *inner, f"## Status\n\n{table(('word', 'meaning'), rows)}"))


def _parts() -> list[tuple[str, type[Any]]]:
    """Return the models within messages, each with the first topic that has it."""
    found: dict[type[Any], str] = {}
    for topic, kind in TOPICS.items():
        for field in kind.model_fields.values():
            for part in models_in(field.annotation):
                found.setdefault(part, topic)
    return [(topic, part) for part, topic in found.items()]


def _section(title: str, kind: type[Any]) -> str:
    rows = _attributes(kind) if is_dataclass(kind) else _rows(kind.model_fields)
    return f"## {title}\n\n{summary(kind.__doc__)}\n\n{table(_HEADS, rows)}"


def _rows(model_fields: dict[str, FieldInfo]) -> list[tuple[str, ...]]:
    return [_row(name, field) for name, field in model_fields.items()]


def _row(name: str, field: FieldInfo) -> tuple[str, ...]:
    told = field.description or ""
    kind = words(field.annotation, field.metadata)
    kind += " or nil" if type(None) in getattr(field.annotation, "__args__", ()) else ""
    return code(field.alias or name), code(name), kind, unit_in(told), plain(told)


def _attributes(kind: type[Any]) -> list[tuple[str, ...]]:
    hints, told = get_type_hints(kind), _docstrings(kind)
    return [
        (code(one.name), code(one.name), words(hints[one.name]), unit_in(text), plain(text))
        for one in fields(kind)
        for text in (told[one.name],)
    ]


def _docstrings(kind: type[Any]) -> dict[str, str]:
    """Return the text below each field of a dataclass; KeyError later where there is none."""
    body = ast.parse(dedent(inspect.getsource(kind))).body[0]
    assert isinstance(body, ast.ClassDef)
    return {
        one.target.id: below.value.value
        for one, below in pairwise(body.body)
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        if isinstance(below.value.value, str)
    }


def parameters(doc: str) -> dict[str, str]:
    """Return what a NumPy docstring says of each parameter."""
    _, _, section = inspect.cleandoc(doc).partition("Parameters\n----------\n")
    told: dict[str, str] = {}
    names: list[str] = []
    for line in section.splitlines():
        if line and not line.startswith(" "):
            names = line.split(", ")
            told |= dict.fromkeys(names, "")
        else:
            told |= {name: f"{told[name]} {line.strip()}".strip() for name in names}
    return told
