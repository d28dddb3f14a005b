"""Commands over real HTTP: who may give them, how often, and what is refused on the way."""

import logging
import socket

import pytest

from daemon.ipc.requests import Command, Reply
from daemon.web.access.listening import Listening
from daemon.web.access.tickets import LIFE_S
from daemon.web.access.tokens import Right, revoke_token

PROXIED = Listening("127.0.0.1", behind_proxy=True, origins=("https://cockpit.lab.example",))


def refused(response, status, words):
    """Assert that a request was refused, with one sentence."""
    assert response.status_code == status, response.text
    assert set(response.json()) == {"sentence"}
    assert words in response.json()["sentence"]
    assert response.headers["cache-control"] == "no-store"
    return True


def test_a_command_goes_to_the_daemon_in_the_operators_name(cockpit, port):
    answer = cockpit.command("mark", text="treadmill to 1.4 m/s, 5 % up: größer")
    assert answer.status_code == 200
    assert answer.json() == {"ok": True, "sentence": "Done.", "data": port.reply.data}
    assert answer.headers["cache-control"] == "no-store"
    (request,) = port.taken
    assert request.command is Command.MARK
    assert request.text == "treadmill to 1.4 m/s, 5 % up: größer"
    assert request.by == "commander"


def test_the_refusal_of_the_daemon_is_its_own(cockpit, port):
    port.reply = Reply(ok=False, sentence="Version 9 is unknown.", data={"known": [float("nan")]})
    answer = cockpit.command("rollback", version=9)
    assert answer.status_code == 200
    assert not answer.json()["ok"]
    assert answer.json()["sentence"] == "Version 9 is unknown."
    assert answer.json()["data"] == {"known": [None]}, "numbers that are none are null"


def test_who_has_no_right_to_command_does_not(cockpit, port):
    for path in ("/ticket", "/command"):
        assert refused(cockpit.post(path, token=None), 401, "no token was given")
        assert refused(cockpit.post(path, token="wrong"), 401, "the token is not known")
        reader = cockpit.tokens[Right.READ]
        assert refused(cockpit.post(path, token=reader), 403, "'reader' may read, not command")
        assert cockpit.http.get(path).status_code == 405
    query = cockpit.http.post(f"/ticket?token={cockpit.tokens[Right.COMMAND]}")
    assert refused(query, 401, "no token was given")
    revoke_token(cockpit.file, "commander")
    assert refused(cockpit.post("/ticket"), 401, "not known")
    assert port.taken == []


def test_a_ticket_is_for_one_command_and_half_a_minute(cockpit, port):
    body = {"ticket": cockpit.ticket(), "command": "pause"}
    assert cockpit.post("/command", json=body).json()["ok"]
    assert refused(cockpit.post("/command", json=body), 409, "so nothing was done")
    late = {"ticket": cockpit.ticket(), "command": "pause"}
    cockpit.now += LIFE_S + 1
    assert refused(cockpit.post("/command", json=late), 409, "older than 30 s")
    for none in ({}, {"ticket": None}, {"ticket": 3}, {"ticket": ["a"]}, {"ticket": "é"}):
        assert refused(cockpit.post("/command", json=none | {"command": "pause"}), 409, "ticket")
    assert len(port.taken) == 1


def test_who_is_too_fast_waits(cockpit, port):
    answers = [cockpit.post("/ticket") for _ in range(13)]
    assert [answer.status_code for answer in answers] == [200] * 12 + [429]
    assert answers[-1].headers["retry-after"] == "1"
    assert refused(answers[-1], 429, "wait 1 s")
    cockpit.now += 1.0
    assert cockpit.command("pause").json()["ok"]


def test_wrong_tokens_are_counted_and_lock_nobody_out(cockpit, caplog):
    with caplog.at_level(logging.WARNING):
        answers = [cockpit.post("/ticket", token="wrong-wrong") for _ in range(12)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 2
    assert caplog.text.count("was refused") == 10
    assert "wrong-wrong" not in caplog.text
    assert cockpit.command("pause").json()["ok"]


def test_what_a_token_may_is_told_without_a_command(cockpit, port):
    answer = cockpit.ask(cockpit.tokens[Right.COMMAND])
    assert answer.json() == {"reader": "commander", "may_command": True}
    assert answer.headers["cache-control"] == "no-store"
    told = cockpit.ask(cockpit.tokens[Right.READ]).json()
    assert told == {"reader": "reader", "may_command": False}
    assert cockpit.ask(None).json() == {"reader": "local", "may_command": False}
    assert port.taken == []


def test_asking_what_a_wrong_token_may_is_counted_as_a_wrong_token(cockpit):
    revoke_token(cockpit.file, "reader")
    assert refused(cockpit.ask(cockpit.tokens[Right.READ]), 401, "was taken away")
    answers = [cockpit.ask("wrong-wrong") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 9 + [429] * 2
    assert cockpit.ask(cockpit.tokens[Right.COMMAND]).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_the_page_of_somebody_else_commands_nothing(cockpit, port, origin):
    answer = cockpit.post("/ticket", headers={"Origin": origin})
    assert refused(answer, 403, f"A page from '{origin}'")
    own = {"Origin": str(cockpit.http.base_url).rstrip("/")}
    assert cockpit.post("/ticket", headers=own).json()["ticket"]
    assert refused(cockpit.http.get("/spectrum/SOL", headers={"Host": "evil.example"}), 403, "evil")
    assert port.taken == []


def test_too_many_requests_of_one_address_are_refused(cockpit):
    codes = [cockpit.http.get("/nothing").status_code for _ in range(201)]
    assert codes == [404] * 200 + [429]
    assert refused(cockpit.post("/ticket"), 429, "Too many requests")


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"{", 400, "not JSON"),
        (b"[]", 400, "no JSON object"),
        (b" " * 4097, 413, "4096 bytes"),
        (b" " * 300_000, 413, "4096 bytes"),
        (b'{"command": "dance"}', 400, "command"),
        (b'{"command": "mark"}', 400, "needs a text"),
        (b'{"command": "mark", "text": 3}', 400, "text"),
        (b'{"command": "mark", "text": "\\ud800"}', 400, "text"),
        (b'{"command": "rollback", "version": true}', 400, "version"),
        (b'{"command": "pause", "by": "somebody"}', 400, "'by'"),
        (b'{"command": "pause", "more": 1}', 400, "more"),
    ],
)
def test_what_is_no_command_is_refused_with_a_sentence(cockpit, port, content, status, words):
    json = {"Content-Type": "application/json"}
    assert refused(cockpit.post("/command", content=content, headers=json), status, words)
    assert port.taken == []


def test_a_form_is_no_command(cockpit):
    assert refused(cockpit.post("/command", data={"command": "pause"}), 415, "Content-Type")


def test_a_body_that_does_not_come_is_not_waited_for(cockpit):
    """Only the start of the body is sent; the answer comes all the same."""
    url = cockpit.http.base_url
    head = f"POST /command HTTP/1.1\r\nHost: {url.host}:{url.port}\r\nContent-Length: 99\r\n"
    head += f"Authorization: Bearer {cockpit.tokens[Right.COMMAND]}\r\n"
    head += 'Content-Type: application/json\r\n\r\n{"comm'
    with socket.create_connection((url.host, url.port), timeout=30) as slow:
        slow.sendall(head.encode())
        assert slow.recv(4096).startswith(b"HTTP/1.1 408")


def test_a_daemon_that_is_not_there_is_told_of(open_cockpit, ipc_address):
    answer = open_cockpit(f"{ipc_address}-nobody").command("pause")
    assert refused(answer, 503, "No daemon answered")


def test_no_token_is_ever_logged(cockpit, caplog):
    with caplog.at_level(logging.DEBUG):
        cockpit.command("pause")
        cockpit.post("/command", content=b"{", headers={"Content-Type": "application/json"})
        cockpit.post("/ticket", token=cockpit.tokens[Right.READ])
    assert "'pause' by commander: done" in caplog.text
    assert not any(token in caplog.text for token in cockpit.tokens.values())


def test_a_spectrum_is_for_who_may_read(cockpit, port, open_cockpit):
    answer = cockpit.http.get("/spectrum/SOL%20left%2F2")
    assert answer.status_code == 200
    assert set(answer.json()) == {"channel", "hz", "density", "median_hz", "seconds"}
    assert port.taken[-1].channels == ["SOL left/2"]
    assert port.taken[-1].by == "local"
    codes = [cockpit.http.get("/spectrum/SOL").status_code for _ in range(8)]
    assert codes == [200] * 7 + [429]


def test_a_spectrum_is_refused_as_the_daemon_says(cockpit, port):
    port.reply = Reply(ok=False, sentence="'SOL' is a ready envelope.")
    assert refused(cockpit.http.get("/spectrum/SOL"), 409, "ready envelope")
    port.reply = Reply(ok=True, sentence="Here.", data={"channel": "SOL"})
    assert refused(cockpit.http.get("/spectrum/SOL"), 409, "no raw EMG")
    assert refused(cockpit.http.get("/spectrum/" + "x" * 5000), 400, "4096 bytes")


def test_behind_a_proxy_reading_needs_a_token(open_cockpit, port, ipc_address):
    cockpit = open_cockpit(ipc_address, PROXIED)
    assert refused(cockpit.http.get("/spectrum/SOL"), 401, "To read needs a token")
    assert refused(cockpit.ask(None), 401, "To read needs a token")
    token = {"Authorization": f"Bearer {cockpit.tokens[Right.READ]}"}
    assert cockpit.http.get("/spectrum/SOL", headers=token).status_code == 200
    origin = {"Origin": "https://cockpit.lab.example", "X-Forwarded-For": "10.0.0.9"}
    assert cockpit.post("/ticket", headers=origin).status_code == 200
