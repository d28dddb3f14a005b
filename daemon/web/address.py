"""Where the page is shown, as it is written on a command line; needs no extra."""

from __future__ import annotations

import re

from pipeline.errors import UserError

_LISTEN = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]\s]+):(?P<port>\d{1,5})")


def parse_listen(text: str, option: str = "--listen") -> tuple[str, int]:
    """Return host and port of ``HOST:PORT``; raises UserError if it is none."""
    matched = _LISTEN.fullmatch(text)
    if matched is None or int(matched["port"]) > 65535:
        raise UserError(f"{option} '{text}' is no address; give HOST:PORT, such as 127.0.0.1:8900.")
    return matched["host"].strip("[]"), int(matched["port"])
