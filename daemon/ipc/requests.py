"""Requests of an operator to a running daemon, and its replies: msgpack maps over ZeroMQ.

A request and its reply are one frame each, sent by a REQ socket. docs/control.md is the same for
people who write a client.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal, Self, TypeVar

import msgpack
from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError, model_validator

from pipeline.transport.packing import unpacked

MAX_REQUEST_BYTES = 4096
MAX_REPLY_BYTES = 1_000_000
MAX_ITEMS = 4096
"""Most values of a list or keys of a map in a reply."""
MAX_KEYS = 8
"""Most keys of a request."""
MAX_CHANNELS = 256
"""Most channels that a request names."""
MAX_TEXT = 500
"""Most characters of a mark."""
MAX_NAME = 100
"""Most characters of who asks."""


class ControlError(Exception):
    """A frame that is not a request, or not a reply; the message is one sentence."""


class Command(StrEnum):
    """What can be asked for."""

    STATUS = "status"
    PAUSE = "pause"
    RESUME = "resume"
    ROLLBACK = "rollback"
    SAVE = "save"
    MVC_START = "mvc start"
    MVC_STOP = "mvc stop"
    BASELINE_START = "baseline start"
    BASELINE_STOP = "baseline stop"
    MARK = "mark"
    COMPARE = "compare"
    SAMPLES = "samples"


READS = frozenset({Command.STATUS, Command.COMPARE, Command.SAMPLES})
"""Commands that only ask: they change nothing, and the session does not tell of them."""
_WITH_VERSION = (Command.ROLLBACK, Command.COMPARE)
_WITH_CHANNELS = (Command.MVC_START, Command.SAMPLES)


class _Frame(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    v: Literal[1] = 1

    def pack(self) -> bytes:
        """Return the frame."""
        frame: bytes = msgpack.packb(self.model_dump(mode="json"))
        return frame


class Request(_Frame):
    """A command with what it needs.

    Parameters
    ----------
    command
        What to do.
    version
        Parameter set to go back to, or to compare; ``rollback`` and ``compare`` need it, nothing
        else takes it.
    text
        What to write down; ``mark`` needs it, nothing else takes it.
    confirmed
        That a new MVC far below the old one is meant; only ``mvc stop`` takes it.
    channels
        EMG channels whose MVC is to be taken, all of them where empty; ``samples`` needs one,
        otherwise only ``mvc start`` takes it.
    by
        Who asks, for the log; not proven by anything.
    """

    command: Command
    version: Annotated[int, Strict(), Field(ge=0, lt=2**63)] | None = None
    text: Annotated[str, Strict(), Field(min_length=1, max_length=MAX_TEXT)] | None = None
    confirmed: Annotated[bool, Strict()] = False
    channels: Annotated[list[Annotated[str, Strict()]], Field(max_length=MAX_CHANNELS)] = []
    by: Annotated[str, Strict(), Field(min_length=1, max_length=MAX_NAME)] | None = None

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        for name, owners in (("version", _WITH_VERSION), ("text", (Command.MARK,))):
            given = getattr(self, name) is not None
            if given != (self.command in owners):
                verb = "takes no" if given else "needs a"
                raise ValueError(f"'{self.command}' {verb} {name}")
        if self.confirmed and self.command is not Command.MVC_STOP:
            raise ValueError(f"'{self.command}' has nothing to confirm")
        if self.channels and self.command not in _WITH_CHANNELS:
            raise ValueError(f"'{self.command}' takes no channels")
        if self.command is Command.SAMPLES and len(self.channels) != 1:
            raise ValueError(f"'{self.command}' needs one channel")
        return self

    @property
    def argument(self) -> str | None:
        """What the command was given, as a log tells it."""
        if self.version is not None:
            return str(self.version)
        return self.text or ", ".join(self.channels) or None


class Reply(_Frame):
    """What became of a request.

    Parameters
    ----------
    ok
        Whether it was done.
    sentence
        What was done, or why not.
    data
        What there is to tell beyond the sentence; ``fallen`` has the channels for whose new MVC a
        confirmation is wanted.
    """

    ok: Annotated[bool, Strict()]
    sentence: Annotated[str, Strict()]
    data: dict[str, Any] = {}


Content = TypeVar("Content", bound=_Frame)


def unpack_request(frame: bytes) -> Request:
    """Return the request in a frame; raises ControlError, and nothing else, if there is none."""
    return _unpacked(frame, Request, "request", MAX_REQUEST_BYTES, MAX_CHANNELS, MAX_KEYS)


def unpack_reply(frame: bytes) -> Reply:
    """Return the reply in a frame; raises ControlError, and nothing else, if there is none."""
    return _unpacked(frame, Reply, "reply", MAX_REPLY_BYTES, MAX_ITEMS)


def _unpacked(
    frame: bytes,
    kind: type[Content],
    what: str,
    longest: int,
    most: int,
    most_keys: int | None = None,
) -> Content:
    if len(frame) > longest:
        raise ControlError(f"The {what} has {len(frame)} bytes; {longest} are allowed.")
    try:
        return kind.model_validate(unpacked(frame, most_items=most, most_keys=most_keys))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "as a whole"
        told = first["msg"].removeprefix("Value error, ")
        raise ControlError(f"The {what} is not valid, {place}: {told}.") from error
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise ControlError(f"The {what} is not msgpack: {error}.") from error
