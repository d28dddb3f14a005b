"""MVC and resting level recorded by a running daemon, through its control port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from daemon.config import Config
from daemon.control.client import account, ask
from daemon.ipc.orders import Recorded
from daemon.ipc.requests import Command, Reply, Request
from pipeline.errors import UserError
from pipeline.transport.curve import ClientKeys

_HERE_S = 2.0
"""How long a daemon on this machine may take to tell that it is there, s."""
_PATIENCE_S = 10.0
"""How long it may take to answer then, s; without an answer it would go on recording."""


class DaemonRecorder:
    """A daemon that records while it predicts.

    Parameters
    ----------
    address
        Its control address.
    keys
        What it knows the operator by; None where it asks for no keys.
    """

    def __init__(self, address: str, keys: ClientKeys | None) -> None:
        self._address, self._keys = address, keys

    def start(self, what: Recorded, channels: Sequence[str] = ()) -> str:
        """Begin to record; return what the daemon says.

        Only these channels get a new MVC; all where there are none. Raises UserError where the
        daemon refuses.
        """
        command = Command.MVC_START if what == "mvc" else Command.BASELINE_START
        reply = self._ask(Request(command=command, channels=list(channels)))
        if not reply.ok:
            raise UserError(reply.sentence)
        return reply.sentence

    def stop(self, what: Recorded, *, confirmed: bool = False) -> Reply:
        """End it; the reply, which may be a refusal, has the levels now in force in its data."""
        command = Command.MVC_STOP if what == "mvc" else Command.BASELINE_STOP
        return self._ask(Request(command=command, confirmed=confirmed and what == "mvc"))

    def _ask(self, request: Request) -> Reply:
        named = request.model_copy(update={"by": account()})
        return ask(self._address, named, _PATIENCE_S, self._keys)


def running_daemon(config: Config, keys: ClientKeys | None) -> DaemonRecorder | None:
    """Return the daemon that runs this set-up, or None if nobody answers at its control address.

    Raises
    ------
    UserError
        If another set-up is run there, or one recording is under way already.
    """
    if not config.control.enabled:
        return None
    address = config.control.address
    try:
        reply = ask(address, Request(command=Command.STATUS), _HERE_S, keys)
    except UserError:
        return None
    told: Mapping[str, Any] = reply.data
    if told.get("title") != config.title:
        raise UserError(
            f"The daemon at {address} runs another set-up, '{told.get('title')}' and not "
            f"'{config.title}'; stop it, or use --alone to leave it as it is."
        )
    if what := told.get("recording"):
        raise UserError(
            f"The daemon at {address} records already; end that with 'hillstream ctl {what} stop'."
        )
    return DaemonRecorder(address, keys)
