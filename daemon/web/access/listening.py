"""Where the cockpit may listen, and by which names a browser may call it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass

from daemon.web.access.shown import shown
from pipeline.errors import UserError

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::\d{1,5})?")
_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>[^/\s?#@]+)")
_PROXIED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
"""Headers that a proxy adds and no browser."""


def is_loopback(host: str) -> bool:
    """Tell whether a name or address is this machine's for itself."""
    if host.lower() == "localhost":
        return True
    address = _address(host)
    mapped = getattr(address, "ipv4_mapped", None)
    return address is not None and (mapped or address).is_loopback


def address_of(peer: str) -> str:
    """Return what stands for a peer where requests are counted: an IPv6 network has many names."""
    address = _address(peer)
    if not isinstance(address, ipaddress.IPv6Address):
        return peer
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((address, 64), strict=False))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(_bare(host))
    except ValueError:
        return None


def _bare(host: str) -> str:
    return host.lower().removeprefix("[").removesuffix("]")


@dataclass(frozen=True)
class Listening:
    """Where the cockpit listens.

    Parameters
    ----------
    host
        Address or name it is bound to.
    encrypted
        Whether it has a certificate.
    behind_proxy
        Whether a proxy, which encrypts, stands before it: everybody then comes from the proxy's
        address, so that nobody is taken for local.
    origins
        Where browsers open the page beside the address itself: ``https://cockpit.lab.example``.

    Raises
    ------
    UserError
        If other machines could listen in, an origin is none, or there is none with a proxy.
    """

    host: str
    encrypted: bool = False
    behind_proxy: bool = False
    origins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (is_loopback(self.host) or self.encrypted or self.behind_proxy):
            raise UserError(
                f"--listen '{self.host}' is refused: the cockpit is shown on this machine only, "
                "where no certificate guards it; use 127.0.0.1, or give --certificate, or "
                "--behind-proxy (docs/security.md)."
            )
        for origin in self.origins:
            if not _is_origin(origin):
                raise UserError(
                    f"--origin '{origin}' is no origin; give scheme and host as a browser has "
                    "them, https://cockpit.lab.example or http://10.0.0.7:8900."
                )
        if self.behind_proxy and not self.origins:
            raise UserError(
                "--behind-proxy needs --origin: where browsers open the page, such as "
                "https://cockpit.lab.example."
            )

    def refusal(self, headers: Mapping[str, str]) -> str:
        """Return why a request is not for us, or not from our page; empty where it is."""
        host = headers.get("host", "")
        if not self._is_ours(host):
            return (
                f"Nobody called '{shown(host)}' is here; open the cockpit by its own address, or "
                "start it with --origin."
            )
        origin = headers.get("origin")
        if origin is not None and not self._is_our_page(origin, host):
            return (
                f"A page from '{shown(origin)}' may not ask here; open the cockpit itself, or "
                "start it with --origin."
            )
        if not self.behind_proxy and any(name in headers for name in _PROXIED):
            return (
                "This came through a proxy, so that nobody can be told from the operator of this "
                "machine; start the cockpit with --behind-proxy."
            )
        return ""

    def _is_ours(self, host: str) -> bool:
        """Tell whether a Host header names us: a stranger's name may point here (DNS rebinding).

        The port does not matter: one that is forwarded has another number at the other end.
        """
        matched = _HOST.fullmatch(host)
        if matched is None:
            return False
        name, own = _bare(matched["name"]), _bare(self.host)
        if name == own or host.lower() in self._origin_hosts:
            return True
        if is_loopback(name):
            return is_loopback(own) or self._anywhere or self.behind_proxy
        return self._anywhere and _address(name) is not None

    @property
    def _anywhere(self) -> bool:
        address = _address(self.host)
        return address is not None and address.is_unspecified

    @property
    def _origin_hosts(self) -> tuple[str, ...]:
        return tuple(origin.lower().partition("://")[2] for origin in self.origins)

    def _is_our_page(self, origin: str, host: str) -> bool:
        scheme = "https" if self.encrypted else "http"
        ours = (f"{scheme}://{host}", *self.origins)
        return origin.lower() in {one.lower() for one in ours}


def _is_origin(text: str) -> bool:
    matched = _ORIGIN.fullmatch(text)
    return matched is not None and _HOST.fullmatch(matched["host"]) is not None
