import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.timebase.buffer import SampleBuffer


def push(buffer, *stamps):
    t = np.array(stamps, dtype=float)
    buffer.push(t, t[:, None] * 10.0)


@given(
    sizes=st.lists(st.integers(0, 30), max_size=30),
    capacity=st.integers(1, 20),
    used=st.integers(0, 5),
)
def test_it_holds_the_newest_samples_whatever_the_pushes(sizes, capacity, used):
    buffer, model, stamp = SampleBuffer(capacity, 1), [], 0
    for size in sizes:
        push(buffer, *range(stamp, stamp + size))
        model += range(stamp, stamp + size)
        stamp += size
        model = model[-capacity:]
        n_used = min(used, len(model))
        buffer.drop_until(n_used)
        model = model[n_used:]
        np.testing.assert_array_equal(buffer.t, model)
        np.testing.assert_array_equal(buffer.x[:, 0], np.array(model) * 10.0)
        assert len(buffer) == len(model)


def test_samples_that_are_not_newer_are_dropped():
    buffer = SampleBuffer(10, 1)
    push(buffer, 1, 2, 3)
    push(buffer, 2, 3, 4)
    push(buffer, 1)
    np.testing.assert_array_equal(buffer.t, [1, 2, 3, 4])
    assert buffer.newest == 4.0
