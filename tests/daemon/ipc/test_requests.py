"""The frames of the control port."""

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.ipc.requests import (
    MAX_NAME,
    MAX_REQUEST_BYTES,
    MAX_TEXT,
    Command,
    ControlError,
    Reply,
    Request,
    unpack_reply,
    unpack_request,
)

SIMPLE = sorted(set(Command) - {Command.ROLLBACK, Command.COMPARE, Command.MARK, Command.SAMPLES})
REQUESTS = st.one_of(
    st.sampled_from(SIMPLE).map(lambda command: Request(command=command)),
    st.sampled_from(SIMPLE).map(lambda command: Request(command=command, by="Ann Other")),
    st.integers(0, 2**63 - 1).map(lambda n: Request(command=Command.ROLLBACK, version=n)),
    st.integers(0, 2**63 - 1).map(lambda n: Request(command=Command.COMPARE, version=n)),
    st.text(max_size=8).map(lambda name: Request(command=Command.SAMPLES, channels=[name])),
    st.text(min_size=1, max_size=MAX_TEXT).map(lambda t: Request(command=Command.MARK, text=t)),
    st.lists(st.text(max_size=8), max_size=64).map(
        lambda names: Request(command=Command.MVC_START, channels=names)
    ),
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(REQUESTS)
def test_a_request_arrives_as_it_was_sent(request):
    assert unpack_request(request.pack()) == request


@given(st.booleans(), st.text(), st.dictionaries(st.text(), st.integers(0, 9)))
def test_a_reply_arrives_as_it_was_sent(ok, sentence, data):
    reply = Reply(ok=ok, sentence=sentence, data=data)
    assert unpack_reply(reply.pack()) == reply


@given(st.binary(max_size=200) | ANYTHING.map(msgpack.packb))
def test_whatever_else_comes_is_refused_in_a_sentence(frame):
    with pytest.raises(ControlError, match=r"\.$"):
        unpack_request(frame)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"v": 2, "command": "status"}, "v: "),
        ({"v": 1, "command": "explode"}, "command: "),
        ({"v": 1, "command": "status", "more": 1}, "more: "),
        ({"v": 1, "command": "rollback"}, "'rollback' needs a version"),
        ({"v": 1, "command": "rollback", "version": -1}, "version: "),
        ({"v": 1, "command": "rollback", "version": "7"}, "version: "),
        ({"v": 1, "command": "pause", "version": 7}, "'pause' takes no version"),
        ({"v": 1, "command": "mvc stop", "channels": ["SOL"]}, "'mvc stop' takes no channels"),
        ({"v": 1, "command": "mvc start", "channels": [7]}, "channels.0: "),
        ({"v": 1, "command": "compare"}, "'compare' needs a version"),
        ({"v": 1, "command": "samples"}, "'samples' needs one channel"),
        ({"v": 1, "command": "samples", "channels": ["SOL", "TA"]}, "'samples' needs one channel"),
        ({"v": 1, "command": "status", "by": ""}, "by: "),
        ({"v": 1, "command": "status", "by": "x" * (MAX_NAME + 1)}, "by: "),
        ({"v": 1, "command": "mark", "text": ""}, "text: "),
        ({"v": 1, "command": "mark", "text": "x" * (MAX_TEXT + 1)}, "text: "),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(content, words):
    with pytest.raises(ControlError, match=words):
        unpack_request(msgpack.packb(content))


def test_a_client_that_does_not_say_who_asks_is_understood():
    told = {"v": 1, "command": "rollback", "version": 12}
    request = unpack_request(msgpack.packb(told))
    assert (request.version, request.by, request.argument) == (12, None, "12")


def test_a_long_request_is_not_read():
    with pytest.raises(ControlError, match=str(MAX_REQUEST_BYTES)):
        unpack_request(bytes(MAX_REQUEST_BYTES + 1))
