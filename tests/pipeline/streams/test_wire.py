import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from pipeline.streams.zeromq.wire import MAX_BYTES, Samples, WireError, decode, encode

names = st.text(min_size=1, max_size=20)
numbers = st.floats(width=64)
keys = st.sampled_from(["emg", "angles", "moments"])


@st.composite
def messages(draw):
    channels = draw(st.lists(names, min_size=1, max_size=5))
    row = st.lists(numbers, min_size=len(channels), max_size=len(channels))
    x = np.array(draw(st.lists(row, min_size=1, max_size=6)))
    finite = st.floats(allow_nan=False, allow_infinity=False)
    t = draw(st.none() | st.lists(finite, min_size=len(x), max_size=len(x)).map(np.array))
    rate = draw(st.floats(1e-3, 1e6))
    return Samples(draw(keys), draw(st.integers(0, 2**63)), tuple(channels), "V", rate, t, x)


@given(messages())
def test_what_is_encoded_is_decoded_bit_for_bit(samples):
    back = decode(encode(samples))
    assert (back.stream, back.seq, back.channels, back.unit, back.rate_hz) == (
        samples.stream,
        samples.seq,
        samples.channels,
        samples.unit,
        samples.rate_hz,
    )
    assert_array_equal(back.x, samples.x)
    if samples.t is None:
        assert back.t is None
    else:
        assert_array_equal(back.t, samples.t)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_with_a_reason(frame):
    with pytest.raises(WireError, match=r"."):
        decode(frame)


trees = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | numbers | st.text(max_size=5)
    | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)  # fmt: skip
FIELDS = {
    "v": 1, "stream": "emg", "seq": 0, "channels": ["a"], "unit": "V", "rate_hz": 100.0,
    "t": [1.0], "clock": "lsl", "x": [[1.0]],
}  # fmt: skip


@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), trees, min_size=1))
def test_any_content_is_decoded_or_refused_but_never_an_accident(changes):
    frame = b"emg " + msgpack.packb(FIELDS | changes)
    try:
        samples = decode(frame)
    except WireError:
        return
    assert samples.x.shape[1] == len(samples.channels)
    assert samples.t is None or np.isfinite(samples.t).all()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"v": 2}, "v is 2, not 1"),
        ({"stream": "angles"}, "topic"),
        ({"seq": -1}, "seq"),
        ({"run": 1.5}, "run"),
        ({"channels": ["a", "b"]}, "2 channels, but rows of 1"),
        ({"channels": "a"}, "channels"),
        ({"rate_hz": 0}, "rate_hz"),
        ({"rate_hz": float("nan")}, "rate_hz"),
        ({"unit": ""}, "unit"),
        ({"clock": "unix"}, "clock is 'unix'"),
        ({"t": [float("nan")]}, "not finite"),
        ({"t": [1.0, 2.0]}, "but x has 1 rows"),
        ({"x": [[1.0], [1.0, 2.0]]}, "different lengths"),
        ({"x": [["1.0"]]}, "not a number"),
        ({"x": [[None]]}, "not a number"),
        ({"x": []}, "not a list of rows"),
        ({"x": b"\x00\x01"}, "raw bytes"),
        ({"x": msgpack.ExtType(1, b"abc")}, "raw bytes"),
    ],
)
def test_each_fault_has_its_reason(changes, reason):
    with pytest.raises(WireError, match=reason):
        decode(b"emg " + msgpack.packb(FIELDS | changes))


def test_a_message_that_is_too_large_is_not_read():
    with pytest.raises(WireError, match="bytes are more than"):
        decode(b"emg " + bytes(MAX_BYTES))


def test_typed_arrays_of_other_languages_get_a_sentence():
    fields = {"v": 1, "stream": "emg", "x": [[0.0]], "t": np.zeros(100, np.float32).tobytes()}
    with pytest.raises(WireError, match=r"Float32Array is sent so\); send plain lists"):
        decode(b"emg " + msgpack.packb(fields))
