"""The guard before every route, also of a WebSocket, and the gate of a route."""

import asyncio

import pytest
from starlette.requests import HTTPConnection

from daemon.web.access import Access
from daemon.web.access.gate import RefusalError, reading
from daemon.web.access.guard import Guard
from daemon.web.access.listening import Listening
from daemon.web.access.token_file import TokenFile


@pytest.fixture
def access(tmp_path):
    return Access(Listening("127.0.0.1"), TokenFile(tmp_path / "none.toml"), lambda: 0.0)


def scope(kind, peer="127.0.0.1", **headers):
    named = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"type": kind, "headers": named, "client": (peer, 50_000), "path": "/live"}


@pytest.fixture
def answers(access):
    """Return what the guard sends, and whether what it stands before was reached."""

    def call(scope):
        sent = []

        async def app(scope, receive, send):
            sent.append("reached")

        async def send(message):
            sent.append(message)

        asyncio.run(Guard(app, access)(scope, None, send))
        return sent

    return call


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_our_own_page_passes(answers, kind):
    own = scope(kind, host="localhost:8900", origin="http://localhost:8900")
    assert answers(own) == ["reached"]


def test_what_is_no_connection_passes(answers):
    assert answers({"type": "lifespan"}) == ["reached"]


def test_the_websocket_of_a_foreign_page_is_closed_before_it_opens(answers, caplog):
    (closed,) = answers(scope("websocket", host="localhost:8900", origin="https://evil.example"))
    assert (closed["type"], closed["code"]) == ("websocket.close", 1008)
    assert "https://evil.example" in closed["reason"]
    assert "https://evil.example" in caplog.text


def test_the_request_of_a_foreign_page_is_refused(answers):
    start, body = answers(scope("http", host="evil.example"))
    assert start["status"] == 403
    assert b"evil.example" in body["body"]


def test_too_many_connections_of_one_address_are_refused(answers):
    one = scope("websocket", host="localhost:8900")
    sent = [answers(one)[0] for _ in range(201)]
    assert sent[:200] == ["reached"] * 200
    assert sent[200]["reason"] == "Too many requests; wait 1 s."
    assert answers(scope("http", "127.0.0.2", host="localhost:8900")) == ["reached"]


@pytest.mark.parametrize(("peer", "reader"), [("127.0.0.1", "local"), ("10.0.0.9", None)])
def test_who_reads_is_told_by_the_address(access, peer, reader):
    connection = HTTPConnection(scope("websocket", peer))
    if reader:
        assert reading(access, connection) == reader
    else:
        with pytest.raises(RefusalError, match="To read needs a token"):
            reading(access, connection)
