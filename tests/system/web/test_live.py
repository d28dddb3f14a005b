"""Browsers at a real server, which hears a real publisher."""

import json
import logging
import socket
from contextlib import suppress
from datetime import date

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from daemon.web import dropping, live
from daemon.web.access.tokens import Right, add_token, revoke_token
from daemon.web.history import FINEST_S

VIEW = {"type": "view", "bucket_s": 0.02, "seconds": 10, "end": None}
UPGRADE = (
    "GET /live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


def test_numbers_are_those_that_a_subscriber_hears(
    cockpit, send, subscribe, ipc_address, wait_until
):
    sender = send()
    ear = subscribe(ipc_address, b"moment ")
    browser = cockpit.browser()
    browser.next("meta", session="first")
    browser.look()
    heard = {}
    compared = 0
    while compared < 10:
        now, _ = browser.next("now")
        while (message := ear.hear()) is not None:
            heard[message.t_published] = message
        if now["t"] in heard:
            assert list(now["moment"].values()) == list(heard[now["t"]].moment)
            assert list(now["deviation"].values()) == list(heard[now["t"]].sd)
            assert now["status"] == "NOMINAL"
            compared += 1
    wait_until(lambda: len(sender.sent) >= len(heard))


def test_curves_are_the_smallest_and_largest_of_what_was_sent(cockpit, send):
    sender = send()
    browser = cockpit.browser()
    meta, _ = browser.next("meta")
    browser.look()
    whole, arrays = browser.next("curves", whole=True)
    low = {whole["first"] + k: column for k, column in enumerate(arrays["low"].T)}
    high = {whole["first"] + k: column for k, column in enumerate(arrays["high"].T)}
    names = meta["series"]
    places = [names.index(f"predicted/{dof}") for dof in ("knee", "ankle")]
    while sum(not np.isnan(column[places]).any() for column in low.values()) <= 32:
        more, arrays = browser.next("curves", whole=False)
        low.update({more["first"] + k: column for k, column in enumerate(arrays["low"].T)})
        high.update({more["first"] + k: column for k, column in enumerate(arrays["high"].T)})
    by_bucket: dict[int, list] = {}
    for message in list(sender.sent):
        bucket = int(np.floor(message.t_published / FINEST_S))
        by_bucket.setdefault(bucket, []).append(np.array(message.moment, np.float32))
    known = [k for k in sorted(low) if not np.isnan(low[k][places]).any()]
    for k in known[1:-1]:  # the first and last may be of a part of their messages
        np.testing.assert_array_equal(low[k][places], np.min(by_bucket[k], axis=0))
        np.testing.assert_array_equal(high[k][places], np.max(by_bucket[k], axis=0))


def known_buckets(curves: dict, arrays: dict) -> np.ndarray:
    """Return the numbers of the buckets in which there is something."""
    return curves["first"] + np.flatnonzero(~np.isnan(arrays["low"][0]))


def test_a_daemon_that_dies_is_seen_and_so_is_its_return(cockpit, send):
    sender = send("first")
    browser = cockpit.browser()
    browser.next("link", state="live")
    browser.look()
    browser.next("curves", whole=True)
    sender.die()
    link, _ = browser.next("link", state="silent")
    assert "silent" in link["sentence"]
    now, _ = browser.next("now")
    assert now["silent_s"] > 1.0
    send("second")
    browser.next("meta", session="second")
    curves, arrays = browser.next("curves", whole=True)
    assert browser.newest["link"]["state"] == "live"
    known = known_buckets(curves, arrays)
    if (np.diff(known) < 1.0 / FINEST_S).all():  # sent before a moment of the second had come
        known = np.union1d(known, known_buckets(*browser.next("curves", whole=False)))
    assert np.diff(known).max() >= 1.0 / FINEST_S  # the silence is a gap between both sessions
    assert curves["bucket_s"] == FINEST_S


@pytest.mark.parametrize(
    "said",
    ["nonsense", "[]", b"\0\1", json.dumps({**VIEW, "bucket_s": 0.03}), json.dumps({"type": "x"})],
)
def test_nonsense_is_closed_with_a_sentence(cockpit, said):
    browser = cockpit.browser()
    browser.next("link")
    browser.socket.send(said)
    with pytest.raises(ConnectionClosed) as closed:
        browser.next("meta")
    assert closed.value.rcvd.code == 1008
    assert closed.value.rcvd.reason.endswith(".")


def test_who_does_not_say_hello_is_closed(cockpit, monkeypatch):
    monkeypatch.setattr(live, "HELLO_WITHIN_S", 0.2)
    browser = cockpit.open()
    with pytest.raises(ConnectionClosed) as closed:
        browser.next("link")
    assert closed.value.rcvd.code == 1008


def test_a_view_before_the_hello_is_closed(cockpit):
    browser = cockpit.open()
    browser.look()
    with pytest.raises(ConnectionClosed) as closed:
        browser.next("link")
    assert closed.value.rcvd.code == 1008


def test_a_long_request_is_closed(cockpit):
    browser = cockpit.browser()
    browser.socket.send("x" * 5000)
    with pytest.raises(ConnectionClosed) as closed:
        browser.next("meta")
    assert closed.value.rcvd.code == 1009


def test_too_many_views_are_closed(cockpit, monkeypatch):
    monkeypatch.setattr(live, "MOST_REQUESTS_HZ", 5)
    browser = cockpit.browser()
    with suppress(ConnectionClosed):  # it may be closed before the last is sent
        for _ in range(20):
            browser.look()
    with pytest.raises(ConnectionClosed) as closed:
        browser.next("meta")
    assert closed.value.rcvd.code == 1008


def test_too_many_browsers_are_sent_away(cockpit, monkeypatch):
    monkeypatch.setattr(live, "MOST_BROWSERS", 1)
    first = cockpit.browser()
    first.next("link")
    with pytest.raises(ConnectionClosed) as closed:
        cockpit.browser().next("link")
    assert closed.value.rcvd.code == 1013
    first.next("latency")


def test_a_page_from_elsewhere_is_not_let_in(cockpit):
    with pytest.raises(InvalidStatus) as refused:
        cockpit.open(origin="http://elsewhere.example")
    assert refused.value.response.status_code == 403


def test_a_token_that_is_taken_away_is_told_and_reading_goes_on_without(cockpit, send, monkeypatch):
    monkeypatch.setattr(live, "RIGHT_EVERY_S", 0.05)
    send()
    token = add_token(cockpit.settings.tokens, "desk", Right.COMMAND, date.today())
    browser = cockpit.open()
    browser.say(type="hello", token=token)
    assert browser.next("meta")[0]["reader"] == "desk"
    revoke_token(cockpit.settings.tokens, "desk")
    with pytest.raises(ConnectionClosed) as closed:
        browser.next("nothing")
    assert closed.value.rcvd.code == 1008
    assert "Your token was taken away" in closed.value.rcvd.reason
    assert closed.value.rcvd.reason.endswith(".")
    assert cockpit.browser().next("meta")[0]["reader"] == "local"


def masked(text: str) -> bytes:
    """Return a text frame of a client, under a mask of zeros."""
    body = text.encode()
    return bytes([0x81, 0x80 | len(body), 0, 0, 0, 0]) + body


def read_to_the_end(connection: socket.socket) -> None:
    """Read what is left until the other end has gone; raises TimeoutError if it has not."""
    connection.settimeout(5.0)
    with suppress(ConnectionResetError):
        while connection.recv(65536):
            pass


def test_a_browser_that_does_not_read_is_dropped_and_another_goes_on(
    cockpit, send, wait_until, monkeypatch, caplog
):
    monkeypatch.setattr(dropping, "STUCK_AFTER_S", 2.0)
    caplog.set_level(logging.WARNING)
    send()
    with socket.socket() as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.connect(("127.0.0.1", cockpit.port))
        stuck.sendall(UPGRADE.format(port=cockpit.port).encode())
        assert stuck.recv(12) == b"HTTP/1.1 101"
        stuck.sendall(masked('{"type":"hello"}'))
        stuck.sendall(masked(json.dumps({**VIEW, "seconds": 160})))
        browser = cockpit.browser()
        browser.next("now")
        wait_until(lambda: "A browser that took nothing" in caplog.text)
        before = browser.next("now")[0]["t"]
        assert any(browser.next("now")[0]["t"] > before for _ in range(100))
        read_to_the_end(stuck)
