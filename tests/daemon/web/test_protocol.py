"""What the page may say."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.web.history import History
from daemon.web.protocol import Hello, ProtocolError, View, parse_hello, parse_view

GOOD = {"type": "view", "bucket_s": 0.04, "seconds": 30, "end": None}


def test_a_hello_may_bring_a_token():
    assert parse_hello('{"type": "hello", "token": "abc"}') == Hello(type="hello", token="abc")
    assert parse_hello('{"type": "hello"}').token is None


@pytest.mark.parametrize("width", History.widths())
def test_every_width_can_be_asked_for(width):
    view = parse_view(json.dumps({**GOOD, "bucket_s": width, "end": 12.5}))
    assert History.widths()[view.level] == width


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"type": "hello"}, "view"),
        ({"bucket_s": 0.03}, "bucket_s"),
        ({"bucket_s": "x"}, "bucket_s"),
        ({"seconds": 0}, "seconds"),
        ({"seconds": 1e9}, "seconds"),
        ({"seconds": 1000, "bucket_s": 0.02}, "buckets"),
        ({"end": float("nan")}, "end"),
        ({"end": 1e300}, "end"),
        ({"more": 1}, "more"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(change, word):
    with pytest.raises(ProtocolError, match=word):
        parse_view(json.dumps({**GOOD, **change}))


@given(st.text() | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_whatever_comes_is_refused_in_one_way(text):
    for parse in (parse_hello, parse_view):
        with pytest.raises(ProtocolError):
            parse(text)


@pytest.mark.parametrize(
    "text", ["[" * 4000, '{"type":"hello","token":"' + "x" * 300 + '"}', "x" * 5000]
)
def test_too_deep_and_too_long_is_refused(text):
    with pytest.raises(ProtocolError):
        parse_hello(text)


def test_a_refusal_does_not_repeat_what_came():
    with pytest.raises(ProtocolError) as refused:
        parse_hello('{"type": "hello", "token": ["secret"]}')
    assert "secret" not in str(refused.value)


def test_a_view_can_be_a_key():
    assert View(**GOOD) in {View(**GOOD): 1}
