"""A bounded reader of msgpack from a socket: whatever the bytes, it fails in one way."""

from __future__ import annotations

from typing import Any

import msgpack


class PackingError(ValueError):
    """Bytes that are not msgpack within the bounds; the text says why."""


def unpacked(
    packed: bytes,
    *,
    most_items: int,
    most_keys: int | None = None,
    longest_text: int | None = None,
    longest_binary: int = 0,
    lists: bool = True,
) -> Any:
    """Return what msgpack bytes hold; extension types are refused.

    Parameters
    ----------
    packed
        The bytes; the caller has bounded their number.
    most_items
        Most values of an array.
    most_keys
        Most keys of a map; None for `most_items`.
    longest_text
        Longest text, bytes; None for as long as `packed`.
    longest_binary
        Longest raw bytes; 0 takes none.
    lists
        Whether arrays become lists; otherwise they become tuples.

    Raises
    ------
    PackingError
        If the bytes are anything else. Nothing else is raised, whatever they are.
    """
    try:
        return msgpack.unpackb(
            packed,
            use_list=lists,
            max_array_len=most_items,
            max_map_len=most_items if most_keys is None else most_keys,
            max_str_len=-1 if longest_text is None else longest_text,
            max_bin_len=longest_binary,
            max_ext_len=0,
        )
    except (ValueError, TypeError, OverflowError, RecursionError, msgpack.UnpackException) as error:
        raise PackingError(str(error) or type(error).__name__) from error
