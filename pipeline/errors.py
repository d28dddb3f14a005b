"""The one error a lab user may see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class UserError(Exception):
    """Something the person at the keyboard can mend.

    The message is one sentence: what is wrong, where, the offending value and what to do. The
    command line prints it without a traceback and exits with status 2.
    """


@contextmanager
def needing(what: str, extra: str) -> Iterator[None]:
    """Say which library is not there, while modules that need one are imported.

    Parameters
    ----------
    what
        What cannot be had without, as a sentence begins: ``"A report"``.
    extra
        The extra of hillstream that brings it.

    Raises
    ------
    UserError
        If one is missing.
    """
    try:
        yield
    except ImportError as error:
        raise UserError(
            f"{what} needs {error.name}, which is not installed: pip install 'hillstream[{extra}]'."
        ) from error
