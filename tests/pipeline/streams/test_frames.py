"""What is wrong with a frame is counted under its own name, and never served."""

import math

import msgpack
import numpy as np
import pytest

from pipeline.streams import clock
from pipeline.streams.base import StreamSpec
from pipeline.streams.zeromq.frames import FrameReader

SPEC = StreamSpec("emg", ("a",), 100.0)


@pytest.fixture
def reader():
    return FrameReader(SPEC, "A stream", 0.05)


def frame(seq, t, **more):
    fields = {
        "v": 1, "stream": "emg", "seq": seq, "run": 1, "channels": ["a"], "unit": "V",
        "rate_hz": 100, "t": [t] if isinstance(t, float) else t, "x": [[1.0]],
    }  # fmt: skip
    return b"emg " + msgpack.packb(fields | more)


def counted(reader):
    health = reader.health(clock.now())
    keys = ("refused", "replayed", "from_future", "too_old", "nonfinite", "out_of_order")
    return {key: getattr(health, key) for key in keys if getattr(health, key)}


def test_a_sound_message_is_served_and_counts_as_nothing(reader):
    assert reader.read(frame(0, clock.now())) is not None
    assert counted(reader) == {}


@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        ({"x": [["1"]]}, "refused"),
        ({"x": [[1.0, 2.0]]}, "refused"),
        ({"seq": 2**40}, "refused"),
        ({"seq": 5}, "replayed"),
        ({"x": [[math.nan]]}, "nonfinite"),
        ({"x": [[1e300]]}, "nonfinite"),
        ({"t": [1e9]}, "from_future"),
        ({"t": [-1e300]}, "too_old"),
        ({"t": "now"}, "refused"),
    ],
)
def test_a_message_that_may_not_be_used_is_dropped_and_counted(reader, spoil, name):
    now = clock.now()
    assert reader.read(frame(5, now)) is not None
    assert reader.read(frame(**{"seq": 6, "t": now + 0.01} | spoil)) is None
    assert counted(reader) == {name: 1}
    assert reader.read(frame(7, now + 0.02)) is not None


def test_a_replayed_message_without_stamps_is_not_taken_for_new_samples(reader):
    fields = msgpack.unpackb(frame(3, 0.0)[4:])
    del fields["t"]
    again = b"emg " + msgpack.packb(fields)
    assert reader.read(again) is not None
    assert [reader.read(again) for _ in range(3)] == [None] * 3
    assert counted(reader) == {"replayed": 3}


def test_the_oldest_that_is_taken_counts_from_when_it_was_measured():
    late = FrameReader(StreamSpec("emg", ("a",), 100.0, latency_s=60.0), "A stream", 0.05)
    assert late.read(frame(0, clock.now())) is not None
    assert late.read(frame(1, clock.now() - 20.0)) is None
    assert counted(late) == {"too_old": 1}


def test_a_flood_of_nonsense_leaves_the_stream_sound(reader):
    now = clock.now()
    for k in range(200):
        reader.read(bytes([k]) * 100)
        chunk = reader.read(frame(k, now + k / 1e4))
        assert chunk is not None
        assert np.isfinite(chunk.x).all()
    assert counted(reader) == {"refused": 200}
