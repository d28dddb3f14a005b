"""Where the page is shown, as it is written on a command line; needs no extra."""

from __future__ import annotations

import re
import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

from pipeline.errors import UserError

_LISTEN = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]\s]+):(?P<port>\d{1,5})")

_EVERYWHERE = {"0.0.0.0": socket.AF_INET, "::": socket.AF_INET6}


def parse_listen(text: str, option: str = "--listen") -> tuple[str, int]:
    """Return host and port of ``HOST:PORT``; raises UserError if it is none."""
    matched = _LISTEN.fullmatch(text)
    if matched is None or int(matched["port"]) > 65535:
        raise UserError(f"{option} '{text}' is no address; give HOST:PORT, such as 127.0.0.1:8900.")
    return matched["host"].strip("[]"), int(matched["port"])


def openable(url: str) -> list[str]:
    """Return where a browser opens a page that listens on `url`.

    Of all addresses (0.0.0.0, ::), which none can open, these are the machine's own.
    """
    import psutil

    host = urlsplit(url).hostname or ""
    if host not in _EVERYWHERE:
        return [url]
    family = _EVERYWHERE[host]
    own = (one for of in psutil.net_if_addrs().values() for one in of)
    found = [one.address for one in own if one.family == family and "%" not in one.address]
    found.sort(key=lambda address: ip_address(address).is_loopback)  # which reaches least
    shown = (f"[{address}]" if ":" in address else address for address in found)
    return [url.replace("[::]" if ":" in host else host, address, 1) for address in shown]
