"""Frames go to bytes and back."""

import json
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from daemon.web.frames import decode, encode

names = st.text(max_size=8)
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.floats()
headers = st.dictionaries(
    names.filter(lambda name: name != "arrays"),
    st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(names, inner)),
    max_size=4,
)
arrays = st.dictionaries(
    names,
    npst.arrays(np.float32, npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5)),
    max_size=3,
)


def known(value):
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: known(item) for key, item in value.items()}
    return [known(item) for item in value] if isinstance(value, list) else value


@given(headers, arrays)
def test_what_is_encoded_is_decoded(header, given_arrays):
    told, decoded = decode(encode(header, given_arrays))
    assert told.pop("arrays") == [[name, list(a.shape)] for name, a in given_arrays.items()]
    assert told == known(header)
    for name, array in given_arrays.items():
        np.testing.assert_array_equal(decoded[name], array)


@given(headers, arrays)
def test_arrays_begin_at_a_multiple_of_four_bytes(header, given_arrays):
    frame = encode(header, given_arrays)
    (length,) = struct.unpack_from("<I", frame)
    json.loads(frame[4 : 4 + length])
    assert (len(frame) - sum(4 * array.size for array in given_arrays.values())) % 4 == 0


def test_a_frame_that_is_cut_or_too_long_is_refused():
    frame = encode({"type": "x"}, {"a": np.arange(3.0)})
    for wrong in (b"", frame[:-1], frame + b"\0"):
        with pytest.raises(ValueError, match=r"frame|buffer"):
            decode(wrong)


def test_nan_stays_nan_in_arrays():
    _, arrays_back = decode(encode({}, {"a": np.array([1.0, np.nan])}))
    assert np.isnan(arrays_back["a"][1])
