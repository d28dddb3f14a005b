"""What a cohort needs beyond every installation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.errors import UserError


@contextmanager
def cohort_libraries() -> Iterator[None]:
    """Say which library is not there, while modules that need one are imported.

    Raises
    ------
    UserError
        If one is missing.
    """
    try:
        yield
    except ImportError as error:
        raise UserError(
            f"A cohort needs {error.name}, which is not installed: pip install "
            "'hillstream[cluster]'."
        ) from error
