"""What a set-up knows of a stream that a recording may not say of it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UserError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class KnownStream:
    """A stream as the set-up has it; by default nothing is known.

    Parameters
    ----------
    name, source_id
        What it is called in the lab.
    unit
        Unit of its samples.
    channels
        Its channels; where a recording labels none and has as many, in this order.
    """

    name: str | None = None
    source_id: str | None = None
    unit: str | None = None
    channels: tuple[str, ...] = ()


UNKNOWN = KnownStream()


def channel_names(
    labels: Sequence[str], known: KnownStream, file: Path, whose: str
) -> tuple[str, ...]:
    """Return the name of every channel: its label, else its place in the set-up, else its number.

    Parameters
    ----------
    labels
        What the recording calls them; empty where it does not.
    known
        What the set-up knows.
    file, whose
        The recording, and the stream as a sentence calls it.

    Raises
    ------
    UserError
        If a label occurs twice, unless every channel of the set-up is found without doubt.
    """
    if labels and not any(labels) and len(labels) == len(known.channels):
        logger.warning(
            "The channels of %s of '%s' have no labels; they are taken in the set-up's order: %s.",
            whose,
            file,
            ", ".join(known.channels),
        )
        return known.channels
    names = tuple(label or str(number) for number, label in enumerate(labels, start=1))
    plain = {name for name in names if names.count(name) == 1}
    if len(plain) < len(names) and not (known.channels and plain.issuperset(known.channels)):
        twice = ", ".join(sorted(f"'{name}'" for name in set(names) - plain))
        raise UserError(
            f"More than one channel of {whose} of '{file}' is labelled {twice}, so that nobody can "
            "tell which is which; give every channel a label of its own at the sender."
        )
    return names
