"""Where the cockpit may listen, and whose pages may ask."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.web.access.listening import Listening, address_of, is_loopback
from pipeline.errors import UserError

HERE = Listening("127.0.0.1")
OPEN = Listening("0.0.0.0", encrypted=True)
ONE = Listening("10.0.0.7", encrypted=True)
SIX = Listening("fd00::7", encrypted=True)
PROXIED = Listening("127.0.0.1", behind_proxy=True, origins=("https://cockpit.lab.example",))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "localhost", "::1", "::ffff:127.0.0.1"])
def test_this_machine_needs_nothing(host):
    assert is_loopback(host)
    Listening(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "lab-pc", "localhost.evil.example"])
def test_other_machines_only_with_a_certificate_or_a_proxy(host):
    with pytest.raises(UserError, match=r"on this machine only.*docs/security\.md"):
        Listening(host)
    Listening(host, encrypted=True)
    Listening(host, behind_proxy=True, origins=("https://a",))


@pytest.mark.parametrize(
    "origin", ["", "a", "ftp://a", "https://", "https://a/", "https://a/b", "https://u@a", "*"]
)
def test_an_origin_that_is_none_is_refused(origin):
    with pytest.raises(UserError, match="is no origin"):
        Listening("127.0.0.1", origins=(origin,))


def test_a_proxy_needs_an_origin():
    with pytest.raises(UserError, match="--origin"):
        Listening("127.0.0.1", behind_proxy=True)


@pytest.mark.parametrize(
    ("listening", "headers"),
    [
        (HERE, {"host": "127.0.0.1:8900"}),
        (HERE, {"host": "localhost:9000"}),  # a port that is forwarded
        (HERE, {"host": "LOCALHOST:8900", "origin": "http://localhost:8900"}),
        (HERE, {"host": "[::1]:8900", "origin": "http://[::1]:8900"}),
        (OPEN, {"host": "10.0.0.7:8900", "origin": "https://10.0.0.7:8900"}),
        (OPEN, {"host": "[fd00::7]:8900"}),
        (OPEN, {"host": "localhost:8900"}),
        (ONE, {"host": "10.0.0.7"}),
        (SIX, {"host": "[fd00::7]:8900", "origin": "https://[fd00::7]:8900"}),
        (PROXIED, {"host": "cockpit.lab.example", "origin": "https://cockpit.lab.example"}),
        (PROXIED, {"host": "127.0.0.1:8900", "origin": "https://COCKPIT.lab.example"}),
        (PROXIED, {"host": "127.0.0.1:8900", "x-forwarded-for": "10.0.0.9"}),
    ],
)
def test_our_own_page_may_ask(listening, headers):
    assert listening.refusal(headers) == ""


@pytest.mark.parametrize(
    ("listening", "headers"),
    [
        (HERE, {}),
        (HERE, {"host": ""}),
        (HERE, {"host": "evil.example:8900"}),
        (HERE, {"host": "127.0.0.1.evil.example:8900"}),
        (HERE, {"host": "localhost.:8900"}),
        (HERE, {"host": "localhost:8900@evil.example"}),
        (HERE, {"host": "10.0.0.7:8900"}),
        (HERE, {"host": "0.0.0.0:8900"}),
        (OPEN, {"host": "evil.example"}),
        (ONE, {"host": "10.0.0.8"}),
        (ONE, {"host": "localhost"}),
        (PROXIED, {"host": "evil.example"}),
    ],
)
def test_a_name_that_is_not_ours_is_refused(listening, headers):
    assert listening.refusal(headers).startswith("Nobody called '")


@pytest.mark.parametrize(
    "origin",
    [
        "null", "", "http://evil.example", "http://localhost:3000", "https://localhost:8900",
        "http://localhost:8900.evil.example", "http://localhost", "http://127.0.0.1:8900",
    ],
)  # fmt: skip
def test_the_page_of_somebody_else_may_not_ask(origin):
    told = HERE.refusal({"host": "localhost:8900", "origin": origin})
    assert told.startswith("A page from '")


@pytest.mark.parametrize("header", ["forwarded", "x-forwarded-for", "x-real-ip"])
def test_a_proxy_that_was_not_told_of_is_refused(header):
    assert "--behind-proxy" in HERE.refusal({"host": "localhost:8900", header: "10.0.0.9"})


@given(host=st.text(), origin=st.text())
def test_what_anybody_sends_is_one_short_sentence(host, origin):
    for headers in ({"host": host}, {"host": "localhost", "origin": origin}):
        told = HERE.refusal(headers)
        assert len(told) < 250
        assert told.isprintable()


def test_a_token_in_the_wrong_place_is_not_repeated():
    token = secrets.token_urlsafe(32)
    for headers in ({"host": f"a {token}"}, {"host": "localhost", "origin": f"http://{token}"}):
        assert token not in HERE.refusal(headers)


def test_an_ipv6_network_counts_as_one():
    assert address_of("fd00::1:2:3:4") == address_of("fd00::9") != address_of("fd00:0:0:1::9")
    assert address_of("::ffff:10.0.0.7") == "10.0.0.7" == address_of("10.0.0.7")
    assert address_of("") == ""
