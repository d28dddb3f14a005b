"""The file of tokens as it is now: what is added or revoked counts at once, without a restart."""

from __future__ import annotations

import logging
from pathlib import Path

from daemon.web.access.tokens import Holder, holder_of, read_holders
from pipeline.errors import UserError

logger = logging.getLogger(__name__)

_Stamp = tuple[int, int, int, int]


class TokenFile:
    """Who has a token, read anew whenever the file changes.

    Parameters
    ----------
    path
        The file; where there is none, nobody has a token until there is.

    Raises
    ------
    UserError
        If the file is there and open to others, or no file of tokens. Where it becomes so later,
        nobody has a token until it is mended, and the log says so.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = _stamp(path)
        self._holders = read_holders(path) if self._stamp else ()

    @property
    def holders(self) -> tuple[Holder, ...]:
        """Everybody with a token."""
        stamp = _stamp(self._path)
        if stamp != self._stamp:
            self._stamp, self._holders = stamp, ()
            self._read()
        return self._holders

    def holder(self, token: str) -> Holder | None:
        """Return whose token it is, or None."""
        return holder_of(token, self.holders)

    def _read(self) -> None:
        if self._stamp is None:
            logger.warning("'%s' is gone: nobody has a token.", self._path)
            return
        try:
            self._holders = read_holders(self._path)
        except UserError as error:
            logger.warning("Nobody has a token any more: %s", error)


def _stamp(path: Path) -> _Stamp | None:
    """Return what changes with the content or the mode of a file; None where there is none."""
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_ino, told.st_mtime_ns, told.st_ctime_ns, told.st_size
