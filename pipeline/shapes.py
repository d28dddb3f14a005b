"""Shapes in signatures, as `jaxtyping` writes them.

The tests check them at every call; in use nothing is checked and nothing need be installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
else:
    try:
        from jaxtyping import Bool, Float
    except ModuleNotFoundError:  # annotations are text, which only the tests' checker reads
        Bool = Float = None

__all__ = ["Bool", "Float"]
