"""Shares and times as people read them."""

from __future__ import annotations


def percent(share: float, signed: bool = False) -> str:
    """Return a share for people: ``25 %``, or with its sign ``−25 %``."""
    number = round(100.0 * share)
    return f"{number:+d} %".replace("-", "−") if signed and number else f"{number} %"


def clock(seconds: float) -> str:
    """Return a time since the session began as minutes and seconds, ``2:05``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
