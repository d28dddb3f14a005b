"""The routes of recorded sessions: a list, facts, reports, comparisons, downloads."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import IO
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from daemon.web.access import Access
from daemon.web.access.gate import NO_STORE, RefusalError, reading, refusing
from daemon.web.sessions import products
from daemon.web.sessions.files import session_files, stamp
from daemon.web.sessions.row import Row, row_of, sentence_of
from daemon.web.sessions.work import Result, Workshop
from pipeline.errors import UserError
from pipeline.sentences import did_you_mean

MOST_ROWS = 5000
"""Rows that are kept from one list to the next."""
LONGEST_SEARCH = 200
_BLOCK_BYTES = 2**20
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_Answer = Callable[[Request], Awaitable[Response]]


def session_routes(folder: Path, access: Access) -> list[BaseRoute]:
    """Return the routes of the sessions in a folder, which is only ever read.

    Parameters
    ----------
    folder
        Where the files are; where there is no such folder, there are no sessions.
    access
        Who may read.
    """
    desk = _Desk(folder, access)
    paths: dict[str, _Answer] = {
        "/sessions": desk.index,
        "/comparison": desk.compare,
        "/sessions/{name}": desk.facts,
        "/sessions/{name}/report": desk.report,
        "/sessions/{name}/download/{what}": desk.download,
    }
    return [Route(path, refusing(answer), methods=["GET"]) for path, answer in paths.items()]


class _Desk:
    """Answers what is asked of the sessions in a folder."""

    def __init__(self, folder: Path, access: Access) -> None:
        self._folder = folder
        self._access = access
        self._work = Workshop()
        self._glances = Workshop(at_once=1)
        """Lists do not wait for reports."""
        self._rows: dict[object, Row] = {}

    async def index(self, request: Request) -> Response:
        """Return the rows of all files that a search fits, the newest first."""
        reading(self._access, request)
        search = request.query_params.get("search", "")
        if len(search) > LONGEST_SEARCH:
            raise RefusalError(400, f"A search has at most {LONGEST_SEARCH} characters.")
        rows = await self._glances.anew(self._listed)
        found = [row.figures() for row in rows if row.matches(search)]
        return _json(products.as_json({"sessions": found, "total": len(rows)}))

    def _listed(self) -> list[Row]:
        """Return the rows of all files, read anew where a file has changed."""
        before, rows = self._rows, {}
        for path in session_files(self._folder).values():
            key = stamp(path)
            rows[key] = before.get(key) or row_of(path)
        self._rows = dict(list(rows.items())[:MOST_ROWS])
        return sorted(rows.values(), key=lambda row: -row.changed_s)

    async def facts(self, request: Request) -> Response:
        """Return what there is to know of one session."""
        path = self._path(request, request.path_params["name"])
        return _json(await self._made("facts", products.facts, path))

    async def report(self, request: Request) -> Response:
        """Return a session's report as a page."""
        path = self._path(request, request.path_params["name"])
        page = await self._made("report", products.report, path)
        return Response(page, media_type="text/html", headers=_page_headers(page))

    async def compare(self, request: Request) -> Response:
        """Return what changed between two sessions."""
        names = [request.query_params.get(key) for key in ("a", "b")]
        if None in names:
            raise RefusalError(400, "Two sessions are compared: /comparison?a=NAME&b=NAME.")
        paths = [self._path(request, str(name)) for name in names]
        return _json(await self._made("compare", products.comparison, *paths))

    async def download(self, request: Request) -> Response:
        """Return a file to keep: tables, figures, the person."""
        path = self._path(request, request.path_params["name"])
        match request.path_params["what"]:
            case "csv" | "parquet" as kind:
                job = _told(lambda: products.tables(path, kind == "parquet"), path)
                return _file(await self._work.anew(job), f"{path.stem}-{kind}.zip")
            case "figures":
                packed = await self._made("figures", products.figures, path)
                return _attachment(packed, f"{path.stem}-figures.zip", "application/zip")
            case "subject":
                return await self._subject(request, path)
            case what:
                raise RefusalError(
                    404, f"There is no download '{what}'; take csv, parquet, figures or subject."
                )

    async def _subject(self, request: Request, path: Path) -> Response:
        asked = request.query_params.get("version", "")
        if asked and not re.fullmatch(r"[0-9]{1,9}", asked):
            raise RefusalError(
                400, "A version is a number from 0 on; without one it is the last set."
            )
        version = int(asked) if asked else None
        told = _told(lambda: products.subject(path, version), path)
        content = await self._work.once(("subject", version, stamp(path)), told)
        return _attachment(content, f"{path.stem}.json", "application/json")

    def _path(self, request: Request, name: str) -> Path:
        """Return the file of a session; RefusalError for a stranger, or where there is none."""
        reading(self._access, request)
        files = session_files(self._folder)
        if name not in files:
            known = did_you_mean(name, list(files))
            raise RefusalError(404, f"There is no session of that name{known}.")
        return files[name]

    async def _made(self, what: str, job: Callable[..., bytes], *paths: Path) -> bytes:
        """Return what is made of sessions, from before where they are still the same."""
        key = (what, *map(stamp, paths))
        return await self._work.once(key, _told(lambda: job(*paths), *paths))


def _told(job: Callable[[], Result], *paths: Path) -> Callable[[], Result]:
    """Return a job that says what is wrong with a session as a refusal."""

    def told() -> Result:
        try:
            return job()
        except UserError as error:
            raise RefusalError(409, sentence_of(error, *paths)) from error

    return told


def _json(content: bytes) -> Response:
    return Response(content, media_type="application/json", headers=NO_STORE)


def _attachment(content: bytes, name: str, kind: str) -> Response:
    return Response(content, media_type=kind, headers=_named(name))


def _file(file: IO[bytes], name: str) -> Response:
    """Return a file as it is read; it is closed at the end, or when nobody reads any more."""

    def blocks() -> Iterator[bytes]:
        with file:
            while block := file.read(_BLOCK_BYTES):
                yield block

    size = file.seek(0, 2)
    file.seek(0)
    headers = {**_named(name), "Content-Length": str(size)}
    return StreamingResponse(blocks(), media_type="application/zip", headers=headers)


def _named(name: str) -> dict[str, str]:
    return {**NO_STORE, "Content-Disposition": f"attachment; filename*=utf-8''{quote(name)}"}


def _page_headers(page: bytes) -> dict[str, str]:
    """Return headers that let a page have its own style and the images in it, and nothing else."""
    style = _STYLE.search(page.decode())
    digest = hashlib.sha256(style[1].encode() if style else b"").digest()
    policy = (
        f"default-src 'none'; style-src 'sha256-{base64.b64encode(digest).decode()}'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        **NO_STORE,
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
