"""Who may see and who may command."""

from datetime import date

import pytest

from daemon.web.access import Access, bearer
from daemon.web.access.listening import Listening
from daemon.web.access.token_file import TokenFile
from daemon.web.access.tokens import Right, add_token, revoke_token

PROXIED = Listening("127.0.0.1", behind_proxy=True, origins=("https://cockpit.lab.example",))


@pytest.fixture
def file(tmp_path):
    return tmp_path / "web-tokens.toml"


@pytest.fixture
def tokens(file):
    return {may: add_token(file, f"{may}er", may, date(2026, 3, 12)) for may in Right}


def access(file, listening=None, now=lambda: 0.0):
    return Access(listening or Listening("127.0.0.1"), TokenFile(file), now)


def test_this_machine_reads_without_a_token_and_commands_with_one(file, tokens):
    door = access(file)
    for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        assert door.reader(None, address) == "local"
        assert door.reader("wrong", address) == "local"
    assert door.operator(None) is None
    assert door.operator(tokens[Right.COMMAND]) == "commander"


@pytest.mark.parametrize("address", ["10.0.0.7", "", "localhost.evil", "testclient"])
def test_others_need_a_token_for_each(file, tokens, address):
    door = access(file)
    assert door.reader(None, address) is None
    assert door.reader("wrong", address) is None
    assert door.reader(tokens[Right.READ], address) == "reader"
    assert door.reader(tokens[Right.COMMAND], address) == "commander"
    assert door.operator(tokens[Right.READ]) is None


def test_behind_a_proxy_nobody_is_local(file, tokens):
    door = access(file, PROXIED)
    assert door.reader(None, "127.0.0.1") is None
    assert door.reader(tokens[Right.READ], "127.0.0.1") == "reader"
    assert [door.requests_wait_s("127.0.0.1") for _ in range(1000)] == [0.0] * 1000


def test_a_token_that_is_revoked_opens_nothing_more(file, tokens):
    door = access(file)
    assert door.operator(tokens[Right.COMMAND])
    revoke_token(file, "commander")
    assert door.operator(tokens[Right.COMMAND]) is None


def test_failures_are_counted_and_told_until_they_are_too_many(file, tokens, caplog):
    door = access(file)
    waits = [door.failed("10.0.0.7", "no token was given.") for _ in range(15)]
    assert waits == [0.0] * 10 + [5.0] * 5
    assert len(caplog.messages) == 10
    assert "10.0.0.7" in caplog.text
    assert door.failed("10.0.0.8", "x") == 0.0
    assert door.reader(tokens[Right.READ], "10.0.0.7") == "reader", "nobody is locked out"


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer  a-b_c ", "a-b_c"),
        ("Bearer", None),
        ("Bearer ", None),
        ("Basic abc", None),
        ("Bearer a b", None),
        ("Bearer é", None),
        ("Bearer " + "a" * 129, None),
        ("", None),
    ],
)
def test_a_token_is_taken_from_the_header(header, token):
    assert bearer({"authorization": header}) == token
    assert bearer({}) is None
