"""What the page says to the server, and how it is read: JSON text, strictly."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError, model_validator

from daemon.web.history import KEPT_S, History

MOST_BYTES = 4096
"""No longer text is read."""
MOST_BUCKETS = 8192
"""No view is finer than this many buckets over its length."""


class ProtocolError(Exception):
    """A text that is no request of the page; the message is one sentence."""


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


Kind = TypeVar("Kind", bound=_Said)


class Hello(_Said):
    """The first request: who is there."""

    type: Literal["hello"]
    token: Annotated[str, Strict(), Field(max_length=200)] | None = None


class View(_Said):
    """What the page shows from now on.

    Parameters
    ----------
    bucket_s
        Width of the buckets, one of `History.widths`, s.
    seconds
        Length of the view, s.
    end
        Time of its end, s; None for one that follows the newest moment.
    """

    type: Literal["view"]
    bucket_s: float
    seconds: Annotated[float, Field(gt=0, le=KEPT_S)]
    end: Annotated[float, Field(ge=-1e12, le=1e12)] | None = None

    @property
    def level(self) -> int:
        """Place of the width among `History.widths`."""
        return History.widths().index(self.bucket_s)

    @model_validator(mode="after")
    def _can_be_shown(self) -> Self:
        if self.bucket_s not in History.widths():
            raise ValueError(f"bucket_s is none of {', '.join(map(str, History.widths()))}")
        if self.seconds > MOST_BUCKETS * self.bucket_s:
            raise ValueError(f"a view has {MOST_BUCKETS} buckets at most")
        return self


def parse_hello(text: str) -> Hello:
    """Return the first request; raises ProtocolError, and nothing else, if it is none."""
    return _parsed(text, Hello)


def parse_view(text: str) -> View:
    """Return a later request; raises ProtocolError, and nothing else, if it is none."""
    return _parsed(text, View)


def _parsed(text: str, kind: type[Kind]) -> Kind:
    if len(text) > MOST_BYTES:
        raise ProtocolError(f"A request has {MOST_BYTES} bytes at most.")
    try:
        return kind.model_validate(_json(text))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the request"
        told = first["msg"].removeprefix("Value error, ")
        raise ProtocolError(f"This is no {kind.__name__.lower()}, {where}: {told}.") from None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("A request is a JSON object.") from error
