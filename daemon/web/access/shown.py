"""What somebody sent, as far as a sentence can bear it."""

from __future__ import annotations

import re

LONGEST = 80
_LIKE_A_TOKEN = re.compile("[A-Za-z0-9_-]{40,}")
"""A token is 43 of these; whatever it was put in, no answer and no log repeats it."""


def shown(text: str) -> str:
    """Return a text short, printable and without anything like a token."""
    kept = _LIKE_A_TOKEN.sub("...", text)
    short = "".join(letter if letter.isprintable() else "?" for letter in kept[:LONGEST])
    return short + ("..." if len(kept) > LONGEST else "")
