"""What a user gives as a recording: files, folders, and roles said by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import UserError
from pipeline.streams.roles import ROLES, words_of

TABLE_SUFFIXES = (".csv", ".tsv")
OPENSIM_SUFFIXES = (".sto", ".mot", ".c3d", *TABLE_SUFFIXES)
"""Files of one role each."""
SUFFIXES = (*OPENSIM_SUFFIXES, ".npz", ".mat", ".xdf")
"""Endings of the files that are read; in a folder only those of one role are looked for."""


_ROLE_WORDS = frozenset(
    {word for role in ROLES.values() for word in role.words}
    | {"inverse", "dynamics", "data", "results", "filtered", "raw"}
)
"""Words in which the names of the files of one trial may differ."""


class Given(NamedTuple):
    """One of the parts that commas separate."""

    role: str | None
    """What stands before the equals sign, if that is a role."""
    text: str


class GivenFile(NamedTuple):
    """A file that was given, and what was said of it besides."""

    path: Path
    role: str | None = None
    """Its role, where it was given by hand."""
    folders: tuple[str, ...] = ()
    """Names of the folders it lies in that may tell its role, the nearest first."""


@dataclass(frozen=True)
class Parts:
    """The files of a recording with their roles, as options of a command give them.

    It stands wherever the path of a recording does. The n-th files of all roles are one trial.
    """

    given: tuple[Given, ...]

    @property
    def name(self) -> str:
        """Return what a person calls it: the names of its files."""
        return " + ".join(Path(part.text).name for part in self.given)

    def __str__(self) -> str:
        """Return it as it would be typed."""
        return ",".join(f"{part.role}={part.text}" if part.role else part.text for part in self)

    def __iter__(self) -> Iterator[Given]:
        """Iterate over the parts."""
        return iter(self.given)


Source = str | Path | Parts
"""What is read as a recording."""


def parts_of(path: Source) -> list[Given]:
    """Return the parts of ``FILE,FILE`` or ``emg=FILE,angles=FILE``; a path that exists is one.

    Raises
    ------
    UserError
        If nothing stands on one side of a comma.
    """
    if isinstance(path, Parts):
        return list(path.given)
    if Path(path).exists():
        return [Given(None, str(path))]
    texts = [text.strip() for text in str(path).split(",")]
    if "" in texts:
        raise UserError(f"The recording '{path}' names no file beside a comma; take the comma out.")
    return [_part(text) for text in texts]


def _part(text: str) -> Given:
    role, equals, rest = text.partition("=")
    if not (equals and role in ROLES):
        return Given(None, text)
    if not rest:
        raise UserError(f"'{text}' names no file; write {role}=FILE.")
    return Given(role, rest)


def trials_of(parts: Sequence[Given]) -> list[list[Given]]:
    """Return the parts of each trial: the n-th file of every role that was given more than once.

    Raises
    ------
    UserError
        If roles were not given equally often.
    """
    by_role: dict[str | None, list[Given]] = {}
    for part in parts:
        by_role.setdefault(part.role, []).append(part)
    unsaid = by_role.pop(None, [])
    counts = {role: len(files) for role, files in by_role.items()}
    if max(counts.values(), default=1) == 1:
        return [list(parts)]
    if len(set(counts.values())) > 1 or unsaid:
        told = ", ".join(f"{count} of {role}" for role, count in counts.items())
        told += f", and '{unsaid[0].text}' without a role" if unsaid else ""
        raise UserError(
            "Of several trials every role needs one file each, in the same order; given were "
            f"{told}."
        )
    return [list(trial) for trial in zip(*by_role.values(), strict=True)]


def trials_in(given: Given) -> tuple[list[list[Given]], list[Path]]:
    """Return the trials of a folder, and the files of it that belong to none.

    Files belong together whose names, with those of their folders, are the same but for the words
    of their roles: ``EMGData/walk1.sto`` and ``IKData/walk1.mot``, ``walk1_emg.csv`` and
    ``walk1_ik.mot``. Where fewer than two such groups are there it is one trial, of all files.
    """
    root = Path(given.text)
    if given.role or not root.is_dir():
        return [[given]], []
    groups: dict[tuple[str, ...], list[Path]] = {}
    for file in _inside(root):
        groups.setdefault(_apart_from_roles(file.relative_to(root)), []).append(file)
    several = [files for files in groups.values() if len(files) > 1]
    if len(several) < 2:
        return [[given]], []
    alone = [files[0] for files in groups.values() if len(files) == 1]
    return [[Given(None, str(file)) for file in files] for files in several], alone


def _apart_from_roles(path: Path) -> tuple[str, ...]:
    """Return the words of a path that are no role's."""
    words = (
        word
        for part in (*path.parent.parts, path.stem)
        for word in words_of(part)
        if word not in _ROLE_WORDS
    )
    return tuple(words)


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


def files_of(given: Given) -> list[GivenFile]:
    """Return the files of one part: the file itself, or all in a folder and in its folders.

    Raises
    ------
    UserError
        If there is none, or one is empty.
    """
    root = Path(given.text)
    if not root.is_dir():
        file = checked_file(given.text)
        return [GivenFile(file, given.role, (file.absolute().parent.name,))]
    inside = _inside(root)
    if not inside:
        raise UserError(f"The folder '{root}' holds no .sto, .mot, .c3d, .csv or .tsv file.")
    name = root.absolute().name
    return [
        GivenFile(checked_file(str(file)), given.role, (*_folders(file, root), name))
        for file in inside
    ]


def _inside(root: Path) -> list[Path]:
    return sorted(file for file in root.rglob("*") if file.suffix.lower() in OPENSIM_SUFFIXES)


def _folders(file: Path, root: Path) -> tuple[str, ...]:
    return file.relative_to(root).parent.parts[::-1]
