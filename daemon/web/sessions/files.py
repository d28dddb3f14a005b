"""The session files of a folder, by name."""

from __future__ import annotations

from pathlib import Path

SUFFIX = ".db"
Stamp = tuple[str, int, int, int, int]
"""A file, when it was changed in ns and its size in bytes, and both of its write-ahead log."""


def session_files(folder: Path) -> dict[str, Path]:
    """Return the files of a folder that may be sessions, by name.

    A name is only ever looked up here and never made into a path, and a link that leads out of the
    folder is left out, so that no name reaches another file.
    """
    if not folder.is_dir():
        return {}
    home = folder.resolve()
    return {
        path.stem: path
        for path in sorted(folder.glob(f"*{SUFFIX}"))
        if path.is_file() and path.resolve().parent == home
    }


def stamp(path: Path) -> Stamp:
    """Return what changes whenever a session does, also while it is being written."""
    return str(path), *_told(path), *_told(path.with_name(f"{path.name}-wal"))


def _told(path: Path) -> tuple[int, int]:
    try:
        told = path.stat()
    except OSError:
        return 0, 0
    return told.st_mtime_ns, told.st_size


def size_bytes(path: Path) -> int:
    """Return the size of a session with its write-ahead log."""
    _, _, own, _, log = stamp(path)
    return own + log


def changed_s(path: Path) -> float:
    """Return when a session was last changed, s since 1970."""
    _, own, _, log, _ = stamp(path)
    return max(own, log) / 1e9
