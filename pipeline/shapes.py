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
    except ModuleNotFoundError:

        class Float:
            """The array or tensor itself: only the tests read more."""

            def __class_getitem__(cls, item: tuple[type, str]) -> type:
                return item[0]

        Bool = Float

__all__ = ["Bool", "Float"]
