"""The body of a request: a small JSON object that comes soon, or a refusal."""

from __future__ import annotations

import json
from typing import Any

import anyio
from starlette.requests import Request

from daemon.web.access.gate import RefusalError

WITHIN_S = 5.0
DEEPEST = 4


async def json_object(request: Request, most_bytes: int) -> dict[str, Any]:
    """Return the JSON object that a request brings.

    Parameters
    ----------
    request
        Asks.
    most_bytes
        The longest body that is read.

    Raises
    ------
    RefusalError
        If it is longer, comes too slowly, or is anything else.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise RefusalError(415, "The body has to be JSON; send Content-Type: application/json.")
    try:
        with anyio.fail_after(WITHIN_S):
            body = await _body(request, most_bytes)
    except TimeoutError:
        raise RefusalError(408, f"The body did not come within {WITHIN_S:g} s.") from None
    return parsed_object(body)


async def _body(request: Request, most_bytes: int) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise RefusalError(413, f"The body has more than the {most_bytes} bytes that are read.")
    return body


def parsed_object(body: bytes) -> dict[str, Any]:
    """Return the object in a JSON text; raises RefusalError where there is none."""
    try:
        content = json.loads(
            body.decode(), parse_constant=_no_number, object_pairs_hook=_named_once
        )
    except RecursionError:
        content = None
    except ValueError as error:
        raise RefusalError(400, f"The body is not JSON: {error}.") from None
    if not isinstance(content, dict) or _depth(content) > DEEPEST:
        raise RefusalError(400, f"The body is no JSON object of at most {DEEPEST} levels.")
    return content


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key is there twice")
    return dict(pairs)


def _depth(content: Any) -> int:
    """Return how deep JSON is nested, level by level and not by recursion."""
    level, depth = [content], 0
    while level:
        depth += 1
        level = [
            inner
            for one in level
            if isinstance(one, (dict, list))
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return depth
