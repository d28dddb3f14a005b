"""A limit of memory for a process and all that it starts, where the system allows one."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Self

import psutil

ROOT = Path("/sys/fs/cgroup")
_PLACES = (
    (ROOT / "cgroup.controllers", ROOT, "memory.max"),
    (ROOT / "memory/cgroup.procs", ROOT / "memory", "memory.limit_in_bytes"),
)
"""A file that shows which version of cgroups there is, where its groups lie, and its limit."""

logger = logging.getLogger(__name__)


class MemoryLimit:
    """A group of processes that may not have more memory together; removed with the block.

    An address-space limit will not do: torch maps far more than it uses.

    Parameters
    ----------
    most_mb
        The limit, MB.
    """

    def __init__(self, most_mb: float) -> None:
        self._bytes = int(1e6 * most_mb)
        self._group: Path | None = None

    @property
    def in_force(self) -> bool:
        """Whether the system allowed it."""
        return self._group is not None

    def __enter__(self) -> Self:
        for sign, folder, name in _PLACES:
            if sign.exists():
                self._make(folder / f"hillstream-{os.getpid()}", name)
                return self
        logger.warning("The memory is only watched, not limited: there are no control groups")
        return self

    def _make(self, group: Path, name: str) -> None:
        try:
            group.mkdir()
            (group / name).write_text(str(self._bytes), encoding="ascii")
        except OSError as error:
            logger.warning("The memory is only watched, not limited: %s", error.strerror)
            if group.exists():
                group.rmdir()
        else:
            self._group = group

    def add(self, pid: int) -> None:
        """Put a process under the limit, and what it starts from now on."""
        if self._group is not None:
            (self._group / "cgroup.procs").write_text(str(pid), encoding="ascii")

    def __exit__(self, *_: object) -> None:
        if self._group is None:
            return
        inside = (self._group / "cgroup.procs").read_text(encoding="ascii").split()
        psutil.wait_procs(
            [psutil.Process(int(pid)) for pid in inside if psutil.pid_exists(int(pid))]
        )
        self._group.rmdir()
