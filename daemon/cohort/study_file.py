"""The reader of STUDY.toml, which tells every mistake at once."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from daemon.cohort.study import Study
from pipeline.errors import UserError
from pipeline.files import refuse_large
from pipeline.sentences import did_you_mean

_LONGEST = 60


def load_study(path: Path) -> Study:
    """Read and validate a study; the table and the output folder become absolute.

    Raises
    ------
    UserError
        If the file is missing, is not TOML, or does not hold a valid study; the message lists
        every mistake with its place and value.
    """
    refuse_large(path)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"The study '{path}' cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"The study '{path}' is not a TOML file: {error}.") from error
    try:
        study = Study.model_validate(raw)
    except ValidationError as error:
        raise UserError(_explained(path, error)) from error
    folder = path.resolve().parent
    setups = [str(folder / s) if (folder / s).is_file() else s for s in study.setups]
    return study.model_copy(
        update={"table": folder / study.table, "output": folder / study.output, "setups": setups}
    )


def _explained(path: Path, error: ValidationError) -> str:
    mistakes = [_mistake(found) for found in error.errors()]
    count = "one mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    return "\n  ".join([f"{path} has {count}:", *mistakes])


def _mistake(found: Any) -> str:
    way = [str(part) for part in found["loc"]]
    place = ".".join(way) or "the whole file"
    if found["type"] == "extra_forbidden":
        close = did_you_mean(way[-1], list(_section(way[:-1]).model_fields))
        return f"{place}: there is no such key{close}; take it out"
    if found["type"] == "missing":
        return f"{place}: it is missing; add it"
    shown = repr(found["input"])
    value = f" (got {shown})" if len(shown) <= _LONGEST else ""
    return f"{place}: {found['msg'].removeprefix('Value error, ')}{value}"


def _section(way: list[str]) -> type[BaseModel]:
    """Return the section that a way leads to."""
    section: type[BaseModel] = Study
    for key in way:
        section = section.model_fields[key].annotation  # type: ignore[assignment]
    return section
