"""Names made of contents: the same work has the same name on every machine, other work another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import metadata, resources
from pathlib import Path

from daemon.config import Config
from daemon.config.body import is_curve_file
from pipeline.streams.recordings.given import Source, parts_of

_SIZE = 20
_NO_MATTER = {"recording", "output", "control", "security", "session", "realtime", "simulation"}
"""Sections of a set-up that no calibration on recordings depends on."""
_COMPUTING = ("pipeline", "daemon/assembly", "daemon/offline")
"""Where the code lies that numbers come from."""


def of_data(value: object) -> str:
    """Return the name of what JSON can hold."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_SIZE]


def of_recording(source: Source) -> str:
    """Return the name of what the files of a recording hold, wherever they lie."""
    return of_data([[part.role, *_of_part(part.text)] for part in parts_of(source)])


def of_setup(config: Config) -> str:
    """Return the name of what a set-up and its files say of calibration."""
    said = config.model_dump(mode="json", exclude=_NO_MATTER)
    model = config.model
    said["model"] |= {"file": _of_file(model.file), "subject": _of_file(model.subject)}
    if model.curves is not None and is_curve_file(model.curves):
        said["model"]["curves"] = _of_file(Path(model.curves))
    if config.skeleton is not None:
        said["skeleton"]["file"] = _of_file(config.skeleton.file)
    return of_data(said)


@cache
def version() -> str:
    """Return the version of hillstream, with a mark of the source code that computes."""
    try:
        number = metadata.version("hillstream")
    except metadata.PackageNotFoundError:
        number = "source"
    root = Path(str(resources.files("daemon"))).parent
    sources = [file for part in _COMPUTING for file in sorted((root / part).rglob("*.py"))]
    return f"{number}+{_of_files(sources)[:8]}"


def _of_part(text: str) -> Iterator[str]:
    path = Path(text)
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.is_file():
                yield str(file.relative_to(path))
                yield _of_files([file])
    else:
        yield _of_file(path) or f"not a file: {text}"


def _of_file(path: Path | None) -> str | None:
    """Return the name of what a file holds; None where there is none."""
    return _of_files([path]) if path is not None and path.is_file() else None


def _of_files(paths: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for path in paths:
        state = path.stat()
        whole.update(_content(path, state.st_size, state.st_mtime_ns))
    return whole.hexdigest()[:_SIZE]


@cache
def _content(path: Path, size: int, changed_ns: int) -> bytes:
    """Return the digest of a file, read once for each of its states."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
