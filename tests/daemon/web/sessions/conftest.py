"""The routes of recorded sessions as a browser on this machine meets them."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette

from daemon.web.access import Access
from daemon.web.access.listening import Listening
from daemon.web.access.token_file import TokenFile
from daemon.web.sessions import session_routes


class Browser:
    """Asks an application, from some address."""

    def __init__(self, app: Starlette, address: str) -> None:
        self._transport = ASGITransport(app=app, client=(address, 50_000))

    def get(self, path: str, **more: Any) -> Response:
        """Return the answer to a request."""

        async def answer() -> Response:
            async with AsyncClient(
                transport=self._transport, base_url="http://127.0.0.1"
            ) as client:
                return await client.get(path, **more)

        return asyncio.run(answer())


@pytest.fixture
def browser(tmp_path: Path) -> Callable[..., Browser]:
    """Open a folder: ``browser(folder, address="127.0.0.1")``."""

    def opened(folder: Path, address: str = "127.0.0.1") -> Browser:
        access = Access(Listening("127.0.0.1"), TokenFile(tmp_path / "tokens.toml"))
        return Browser(Starlette(routes=session_routes(folder, access)), address)

    return opened
