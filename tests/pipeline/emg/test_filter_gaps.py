import numpy as np
import pytest

from pipeline.emg.filter import EmgFilter

RATE_HZ = 1000.0


def make_filter(max_gap_s=0.03):
    return EmgFilter(
        RATE_HZ,
        1,
        band_hz=(30.0, 300.0),
        band_order=3,
        lowpass_hz=6.0,
        lowpass_order=2,
        max_gap_s=max_gap_s,
    )


def stamps(n):
    return 50.0 + np.arange(n) / RATE_HZ


def emg(n, offset_v=0.0):
    return offset_v + np.random.default_rng(3).standard_normal((n, 1))


def without(lost, t, x):
    return np.delete(t, lost), np.delete(x, lost, axis=0)


def test_a_short_gap_is_bridged_by_a_straight_line():
    t, x = stamps(2000), emg(2000, offset_v=5.0)
    lost = np.arange(1000, 1020)
    bridged = x.copy()
    bridged[lost] = np.interp(t[lost], t[[999, 1020]], x[[999, 1020], 0])[:, None]
    whole, _ = make_filter().process(t, bridged)
    gappy, _ = make_filter().process(*without(lost, t, x))
    np.testing.assert_allclose(gappy, np.delete(whole, lost, axis=0), atol=1e-12)


@pytest.mark.parametrize("n_lost", [30, 300])
def test_after_a_long_gap_the_filter_is_like_new(n_lost):
    t, x = without(np.arange(1000, 1000 + n_lost), stamps(3000), emg(3000, offset_v=5.0))
    gappy, settled = make_filter().process(t, x)
    fresh, fresh_settled = make_filter().process(t[1000:], x[1000:])
    np.testing.assert_array_equal(gappy[1000:], fresh)
    np.testing.assert_array_equal(settled[1000:], fresh_settled)
    assert settled[999]
    assert not settled[1000]


def test_a_long_gap_makes_no_burst_from_an_offset_that_moved():
    t, x = without(np.arange(500, 800), stamps(2000), np.full((2000, 1), 2.0))
    x[500:] = -3.0
    assert make_filter().process(t, x)[0].max() < 1e-9


def test_the_longest_gap_is_still_bridged():
    t, x = without(np.arange(1000, 1029), stamps(2000), emg(2000))  # 30 ms from sample to sample
    filter_ = make_filter()
    filter_.process(t, x)
    assert filter_.state.age == len(t)


def test_no_gap_is_bridged_where_none_is_allowed():
    t, x = without([1000], stamps(2000), emg(2000))
    filter_ = make_filter(max_gap_s=0.0)
    filter_.process(t, x)
    assert filter_.state.age == 999


@pytest.mark.parametrize("bunch", [10, 20])
def test_stamps_that_come_in_bunches_are_no_gaps(bunch):
    """Bunches with 10 us between samples, as senders that stamp on arrival make them."""
    x = emg(4000)
    steady, _ = make_filter().process(stamps(4000), x)
    i = np.arange(4000)
    bunched = 50.0 + (i // bunch) * bunch / RATE_HZ + (i % bunch) * 1e-5
    out, _ = make_filter().process(bunched, x)
    np.testing.assert_allclose(out, steady, atol=1e-12)


def test_jitter_and_a_rate_slightly_off_do_not_restart_the_filter():
    for rate_error in (0.995, 1.005):
        t = 50.0 + np.arange(5000) / (RATE_HZ * rate_error)
        t = np.sort(t + np.random.default_rng(0).normal(0.0, 2e-4, 5000))
        filter_ = make_filter()
        filter_.process(t, emg(5000))
        assert filter_.state.age == 5000
