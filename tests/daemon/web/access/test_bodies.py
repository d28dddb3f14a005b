"""Bodies: small JSON objects, and nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.web.access.bodies import DEEPEST, parsed_object
from daemon.web.access.gate import RefusalError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def test_an_object_is_taken():
    assert parsed_object(b'{"a": [1, "b"]}') == {"a": [1, "b"]}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "no JSON object"),
        (b"null", "no JSON object"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": 1, "a": 2}', "a key is there twice"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
        (b'{"a": [[[[1]]]]}', "4 levels"),
        (b'{"a": ' * 2000, "JSON"),
        (b"[" * 4000, "JSON"),
        (b"[" * 100_000, "JSON"),
    ],
)
def test_what_is_none_is_refused(body, told):
    with pytest.raises(RefusalError, match=told) as refusal:
        parsed_object(body)
    assert refusal.value.status == 400


@given(content=JSON | st.dictionaries(st.text(), JSON))
def test_json_is_taken_as_it_is_or_refused(content):
    body = json.dumps(content).encode()
    if isinstance(content, dict) and _levels(content) <= DEEPEST:
        assert parsed_object(body) == content
    else:
        with pytest.raises(RefusalError, match="no JSON object of at most 4 levels"):
            parsed_object(body)


def _levels(content):
    inner = content.values() if isinstance(content, dict) else content
    return 1 + max(map(_levels, inner), default=0) if isinstance(content, (dict, list)) else 1


@given(body=st.binary(max_size=200))
def test_any_bytes_are_an_object_or_refused(body):
    try:
        content = parsed_object(body)
    except RefusalError:
        return
    assert isinstance(content, dict)
