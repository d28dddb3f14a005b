import msgpack
import pytest

from pipeline.transport.packing import PackingError, unpacked


@pytest.mark.parametrize(
    "content",
    [
        [0] * 5,
        {str(k): 0 for k in range(4)},
        "x" * 9,
        b"x",
        msgpack.ExtType(1, b"x"),
        {1: 0},
    ],
    ids=["array", "map", "text", "binary", "extension", "key"],
)
def test_what_is_out_of_bounds_is_refused_one_way(content):
    with pytest.raises(PackingError, match=r"\w"):
        unpacked(msgpack.packb(content), most_items=4, most_keys=3, longest_text=8)


@pytest.mark.parametrize("packed", [b"", b"\xc1", b"\x92\x01", b"\x01\x01", b"\x91" * 5000])
def test_broken_bytes_are_refused_the_same_way(packed):
    with pytest.raises(PackingError, match=r"\w"):
        unpacked(packed, most_items=4)


def test_what_is_within_bounds_is_read():
    packed = msgpack.packb({"a": [1, 2.5], "b": "text"})
    assert unpacked(packed, most_items=2) == {"a": [1, 2.5], "b": "text"}
    assert unpacked(packed, most_items=2, lists=False)["a"] == (1, 2.5)
