"""What the control port tells of commands, marks and levels, asked for while somebody looks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from daemon.ipc.requests import Command, Request
from daemon.web.commanding import DaemonControl
from daemon.web.hub import Hub
from daemon.web.live import Live
from pipeline.errors import UserError

PATIENCE_S = 2.0
"""How long the daemon may take, s; it is asked again, and the end of the cockpit waits for it."""
EVERY_S = 2.0

logger = logging.getLogger(__name__)


class LogReader:
    """Asks the daemon for its state, and puts what it says before the browsers.

    Parameters
    ----------
    hub
        Where it is put.
    live
        Says whether a browser is there.
    daemon
        Whom to ask.
    """

    def __init__(self, hub: Hub, live: Live, daemon: DaemonControl) -> None:
        self._hub, self._live, self._daemon = hub, live, daemon
        self._started_from = ""

    async def run(self) -> None:
        """Ask again and again."""
        while True:
            if self._live.browsers and self._hub.session:
                try:
                    await self._ask(self._hub.session.meta.session)
                except UserError as error:  # the link tells that nobody is there
                    logger.info("%s", error)
            await asyncio.sleep(EVERY_S)

    async def _ask(self, session: str) -> None:
        reply = await self._daemon.ask(Request(command=Command.STATUS), PATIENCE_S)
        if reply.ok:
            self._hub.board.post("log", _log(reply.data))
        if self._started_from != session and "parameters" in self._hub.board:
            await self._ask_for_the_start(session)

    async def _ask_for_the_start(self, session: str) -> None:
        """Learn what parameters the session began with, which may have been before it was heard."""
        reply = await self._daemon.ask(Request(command=Command.COMPARE, version=0), PATIENCE_S)
        if reply.ok:
            told = reply.data["parameters"]
            start = {name: [then for _, then in told[name].values()] for name in told}
            self._hub.start_from(session, start)
        self._started_from = session


def _log(told: Mapping[str, Any]) -> dict[str, Any]:
    levels = {"mvc": told.get("mvc"), "baseline": told.get("baseline")}
    kept = ("paused", "recording", "versions_known", "calibrates")
    more = {key: told.get(key) for key in kept}
    return {"entries": told.get("log", []), "levels": levels, **more}
