"""Browsers that read as the page does, many of them in one process."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from websockets.asyncio.client import connect

from daemon.processes.signs import Stop
from pipeline.errors import UserError

VIEW = {"type": "view", "bucket_s": 0.04, "seconds": 30, "end": None}
"""What a page asks for that shows half a minute."""
LOOK_S = 0.1


def look(url: str, count: int, result: Path, stop: Stop) -> None:
    """Read what the cockpit sends until told to stop.

    Parameters
    ----------
    url
        Of the WebSocket.
    count
        How many browsers.
    result
        File for ``frames`` and ``bytes`` of each browser, as JSON.
    stop
        Tells when to end, and is told once all have been sent something.
    """
    result.write_text(json.dumps(asyncio.run(_all(url, count, stop))), encoding="utf-8")


async def _all(url: str, count: int, stop: Stop) -> dict[str, list[int]]:
    browsers = [_Browser() for _ in range(count)]
    tasks = [asyncio.create_task(one.read(url)) for one in browsers]
    while not stop.requested():
        if all(one.frames for one in browsers):
            stop.announce_ready()
        if any(task.done() for task in tasks):
            raise UserError("The cockpit sent a browser of the bench away.")
        await asyncio.sleep(LOOK_S)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return {
        "frames": [one.frames for one in browsers],
        "bytes": [one.bytes for one in browsers],
    }


class _Browser:
    """One of them; what it is sent is counted and not drawn."""

    def __init__(self) -> None:
        self.frames = self.bytes = 0

    async def read(self, url: str) -> None:
        """Greet, ask for a view, and take what comes."""
        async with connect(url, max_size=None) as wire:
            await wire.send(json.dumps({"type": "hello", "token": None}))
            await wire.send(json.dumps(VIEW))
            async for frame in wire:
                self.frames += 1
                self.bytes += len(frame)
