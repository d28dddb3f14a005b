"""Files of what a run has found out about a person: the subject, and lines for a configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import UserError
from pipeline.model.subject import Subject


def write_person(data: Mapping[str, Any], file: Path | None) -> tuple[Path, Path]:
    """Write a person to a subject file, and its place, MVC and resting levels to a TOML file.

    Parameters
    ----------
    data
        From the reply to ``save``: ``version``, ``subject``, ``mvc`` and ``baseline``.
    file
        The subject file; ``subject-vN.json`` of version N where None. Beside it the other one is
        written, ``me.levels.toml`` for ``me.json``, so that no configuration is overwritten.

    Returns
    -------
    tuple
        The paths of both.

    Raises
    ------
    UserError
        If the files cannot be written.
    """
    path = file or Path(f"subject-v{data['version']}.json")
    beside = path.with_suffix(".levels.toml")
    values = dict(data["subject"])
    muscles = tuple(values.pop("muscles"))
    subject = Subject(muscles=muscles, **{name: np.array(v) for name, v in values.items()})
    try:
        subject.save(path)
        beside.write_text(_lines(path, data), encoding="utf-8")
    except OSError as error:
        raise UserError(f"'{error.filename}' cannot be written: {error.strerror}.") from error
    return path, beside


def _lines(subject: Path, data: Mapping[str, Any]) -> str:
    """Return what a configuration has to say to go on from here."""
    return (
        f"# Parameter set {data['version']} of a live run: put these lines in place of those that\n"
        "# the configuration has. The subject's path is relative to the configuration.\n"
        f"[model]\nsubject = {_quoted(subject.name)}\n\n"
        f"[envelope]\nbaseline = {_value(data['baseline'])}\nmvc = {_value(data['mvc'])}\n"
    )


def _value(levels: str | Mapping[str, float]) -> str:
    if isinstance(levels, str):
        return _quoted(levels)
    pairs = ", ".join(f"{_quoted(name)} = {float(value)!r}" for name, value in levels.items())
    return f"{{ {pairs} }}" if pairs else "{}"


def _quoted(text: str) -> str:
    """Return a TOML string; JSON's escapes are TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
