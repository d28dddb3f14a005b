import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.timebase.align import DelayLine


@given(
    delay_s=st.floats(0.0, 0.3),
    cuts=st.lists(st.integers(0, 60), max_size=20),
)
def test_any_split_gives_the_ramp_delayed(delay_s, cuts):
    x = np.stack((np.arange(60.0), 3.0 - np.arange(60.0)), axis=1)
    line = DelayLine(delay_s, 100.0, 2)
    got = np.concatenate([line.process(part) for part in np.split(x, sorted(cuts))])
    ramp = np.maximum(np.arange(60.0) - delay_s * 100.0, 0.0)
    np.testing.assert_allclose(got, np.stack((ramp, 3.0 - ramp), axis=1), atol=1e-6)
    np.testing.assert_array_equal(got, DelayLine(delay_s, 100.0, 2).process(x))


@pytest.mark.parametrize("delay_s", [0.0, 0.06, 0.07, 0.29])
def test_a_whole_number_of_steps_returns_the_samples_themselves(delay_s):
    x = np.random.default_rng(0).standard_normal((100, 3))
    steps = round(delay_s * 100.0)
    delayed = DelayLine(delay_s, 100.0, 3).process(x)
    np.testing.assert_array_equal(delayed[steps:], x[: 100 - steps])
    np.testing.assert_array_equal(delayed[:steps], np.repeat(x[:1], steps, axis=0))


def test_no_rows_in_no_rows_out():
    assert DelayLine(0.05, 100.0, 4).process(np.empty((0, 4))).shape == (0, 4)


@pytest.mark.parametrize("steps", [0.0, 0.4, 1.0, 2.5])
def test_the_next_row_is_known_ahead_if_it_needs_no_row_to_come(steps):
    line = DelayLine(steps / 100.0, 100.0, 2)
    assert line.ahead() is None
    rows = np.random.default_rng(1).normal(size=(20, 2))
    for row in rows:
        ahead, delayed = line.ahead(), line.process(row[None])
        if steps >= 1.0 and ahead is not None:
            np.testing.assert_array_equal(ahead, delayed)
        assert (line.ahead() is None) == (steps < 1.0)
