"""A look at the LSL streams of the network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pipeline.errors import UserError
from pipeline.streams import clock
from pipeline.streams.lsl.liblsl import load_pylsl

LOOK_S = 1.0
"""How long the network is listened to at a time, s."""
PATIENCE_S = 4.5
"""After so long no other look begins, s."""
ANSWER_S = 5.0
"""How long a stream may take to describe itself, s."""


def visible_streams(has_all: Callable[[Sequence[Any]], bool]) -> list[Any]:
    """Return what is visible; looks again where something is missing, since a sender may be busy.

    Parameters
    ----------
    has_all
        Whether nothing is missing among these.

    Returns
    -------
    list of pylsl.StreamInfo
        Descriptions without channels, of the newest look.

    Raises
    ------
    UserError
        If LSL cannot be used.
    """
    pylsl, begun = load_pylsl(), clock.now()
    while True:
        visible: list[Any] = pylsl.resolve_streams(LOOK_S)
        if has_all(visible) or clock.now() - begun > PATIENCE_S:
            return visible


def full_description(info: Any) -> Any:
    """Return a stream's description with its channels, which only an inlet can ask for.

    Raises
    ------
    UserError
        If the stream does not answer.
    """
    pylsl = load_pylsl()
    try:
        return pylsl.StreamInlet(info, max_buflen=1, recover=False).info(ANSWER_S)
    except RuntimeError as error:  # pylsl's errors are RuntimeErrors
        raise UserError(
            f"LSL stream '{info.name()}' is visible but does not answer "
            f"({str(error).rstrip('.')}); check the firewall between the two machines."
        ) from error
