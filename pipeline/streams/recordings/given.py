"""What a user gives as a recording: files, folders, and roles said by hand."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pipeline.errors import UserError
from pipeline.streams.recordings.opensim import OpensimFile
from pipeline.streams.roles import ROLES

OPENSIM_SUFFIXES = (".sto", ".mot")


class Given(NamedTuple):
    """One of the parts that commas separate."""

    role: str | None
    """What stands before the equals sign, if that is a role."""
    text: str


def parts_of(path: str | Path) -> list[Given]:
    """Return the parts of ``FILE,FILE`` or ``emg=FILE,angles=FILE``; a path that exists is one."""
    if Path(path).exists():
        return [Given(None, str(path))]
    return [_part(text.strip()) for text in str(path).split(",")]


def _part(text: str) -> Given:
    role, equals, rest = text.partition("=")
    return Given(role, rest) if equals and role in ROLES else Given(None, text)


def checked_file(text: str) -> Path:
    """Return a file that exists and is not empty.

    Raises
    ------
    UserError
        If it is not that.
    """
    file = Path(text)
    if not file.is_file():
        roles = f" A role before '=' is one of {', '.join(ROLES)}." if "=" in text else ""
        raise UserError(f"The recording '{file}' does not exist; check the path.{roles}")
    if not file.stat().st_size:
        raise UserError(f"The recording '{file}' is empty; it was probably not written whole.")
    return file


def opensim_files(given: Given) -> list[OpensimFile]:
    """Return the files of one part: the file itself, or all in a folder and in its folders.

    Raises
    ------
    UserError
        If there is none, or one is empty.
    """
    root = Path(given.text)
    if not root.is_dir():
        file = checked_file(given.text)
        return [OpensimFile(file, given.role, (file.absolute().parent.name,))]
    inside = sorted(file for file in root.rglob("*") if file.suffix.lower() in OPENSIM_SUFFIXES)
    if not inside:
        raise UserError(f"The folder '{root}' holds no .sto or .mot file.")
    name = root.absolute().name
    return [
        OpensimFile(checked_file(str(file)), given.role, (*_folders(file, root), name))
        for file in inside
    ]


def _folders(file: Path, root: Path) -> tuple[str, ...]:
    return file.relative_to(root).parent.parts[::-1]
