"""Files of what a run has found out about a person, and lines for a configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.errors import UserError
from pipeline.files import refuse_existing
from pipeline.model.subject import subject_of


class Written(NamedTuple):
    """The files of a person."""

    subject: Path
    levels: Path
    """Lines for a configuration."""
    skeleton: Path | None
    """None where no bones were identified."""


def write_person(data: Mapping[str, Any], file: Path | None, *, overwrite: bool = False) -> Written:
    """Write a person's muscles and bones, and their places, MVC and resting levels as TOML.

    Parameters
    ----------
    data
        From the reply to ``save``: ``version``, ``subject``, ``mvc``, ``baseline`` and, where
        bones were identified, ``skeleton``.
    file
        The subject file; ``subject-vN.json`` of version N where None. The others are written beside
        it, for ``me.json`` ``me.skeleton.json`` and ``me.levels.toml``, so that no configuration
        is overwritten.
    overwrite
        Whether files that are there may be written over.

    Raises
    ------
    UserError
        If the files cannot be written, or one of them is there already.
    """
    path = file or Path(f"subject-v{data['version']}.json")
    bones = path.with_suffix(".skeleton.json") if "skeleton" in data else None
    written = Written(path, path.with_suffix(".levels.toml"), bones)
    if not overwrite:
        refuse_existing(*filter(None, written))
    subject = subject_of(data["subject"])
    try:
        subject.save(path)
        if bones:
            bones.write_text(json.dumps(data["skeleton"], indent=1) + "\n", encoding="utf-8")
        written.levels.write_text(_lines(written, data), encoding="utf-8")
    except OSError as error:
        raise UserError(f"'{error.filename}' cannot be written: {error.strerror}.") from error
    return written


def _lines(written: Written, data: Mapping[str, Any]) -> str:
    """Return what a configuration has to say to go on from here."""
    bones = written.skeleton
    skeleton = f"[skeleton]\nfile = {_quoted(bones.name)}\n\n" if bones else ""
    return (
        f"# Parameter set {data['version']} of a live run: put these lines in place of those that\n"
        "# the configuration has. Paths are relative to the configuration.\n"
        f"[model]\nsubject = {_quoted(written.subject.name)}\n\n"
        f"{skeleton}"
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
