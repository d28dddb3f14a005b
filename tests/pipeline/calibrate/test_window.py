import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipeline.calibrate.window import Window
from pipeline.timebase.rows import PairedRows

RATE_HZ = 100.0
LIKE = torch.zeros((), dtype=torch.float64)


def rows(start, count, dofs=2, muscles=3):
    """Return rows whose every number tells which row of the stream it belongs to."""
    number = np.arange(start, start + count, dtype=float)
    return PairedRows(
        t=number / RATE_HZ,
        excitation=np.tile(number[:, None], (1, muscles)),
        length=np.tile(number[:, None], (1, muscles)),
        moment_arm=np.tile(number[:, None, None], (1, dofs, muscles)),
        moment=np.tile(number[:, None], (1, dofs)),
        valid=np.ones(count, dtype=bool),
        measured=np.ones((count, muscles), dtype=bool),
    )


def window(capacity=1000, settle=5):
    return Window(capacity, RATE_HZ, settle)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_never_holds_more_than_its_capacity_and_keeps_the_newest(sizes):
    kept, start = window(50), 0
    for size in sizes:
        kept.add(rows(start, size))
        start += size
        assert len(kept) <= 50
    assert len(kept) == min(50, start)
    np.testing.assert_array_equal(kept.rows.moment[:, 0], np.arange(start - len(kept), start))


def test_rows_are_cut_and_joined():
    whole = rows(0, 10)
    joined = PairedRows.joined([whole.part(slice(4)), whole.part(slice(4, None))])
    for part, expected in zip(joined, whole, strict=True):
        np.testing.assert_array_equal(part, expected)


def test_empty_window_has_no_rows():
    assert len(window()) == 0
    with pytest.raises(ValueError, match="empty"):
        _ = window().rows


def test_only_valid_rows_with_a_reference_are_usable():
    kept, data = window(), rows(0, 20)
    data.valid[3] = False
    data.moment[7, 1] = np.nan
    kept.add(data)
    usable = kept.usable()
    assert not usable[3].any()
    assert usable[7].tolist() == [True, False]
    assert usable.sum() == 40 - 2 - 1


def test_rows_after_a_jump_in_time_settle_first():
    kept = window(settle=5)
    kept.add(rows(0, 20))
    kept.add(rows(500, 20))
    usable = kept.usable()[:, 0]
    assert usable[:20].all()
    assert not usable[20:25].any()
    assert usable[25:].all()


def test_trials_hold_the_newest_rows_in_order():
    kept = window(settle=5)
    kept.add(rows(0, 100))
    trials = kept.trials(0, 100, 30, LIKE)
    assert trials.moment.shape == (3, 2, 35)
    counted = [trials.moment[i, 0][trials.weight[i, 0] > 0] for i in range(3)]
    np.testing.assert_array_equal(torch.cat(counted), np.arange(10, 100))


def test_trials_begin_with_rows_that_carry_no_weight():
    kept = window(settle=5)
    kept.add(rows(0, 100))
    trials = kept.trials(0, 100, 40, LIKE)
    assert trials.weight[:, :, :5].sum() == 0
    assert trials.weight[:, :, 5:].min() == 1
    np.testing.assert_array_equal(trials.excitation[1, 0], np.arange(55, 100))
    np.testing.assert_array_equal(trials.length[1, 2], trials.excitation[1, 0])
    np.testing.assert_array_equal(trials.moment_arm[1, 1, 2], trials.excitation[1, 0])


def test_one_short_trial_where_there_are_few_rows():
    kept = window(settle=5)
    kept.add(rows(0, 12))
    trials = kept.trials(0, 12, 40, LIKE)
    assert trials.weight.shape == (1, 2, 12)
    assert trials.weight.sum() == 2 * 12
    np.testing.assert_array_equal(trials.moment[0, 0], np.arange(12))


def test_unusable_rows_carry_no_weight_and_no_nan():
    kept, data = window(), rows(0, 50)
    data.moment[20:30] = np.nan
    data.valid[40] = False
    kept.add(data)
    trials = kept.trials(0, 50, 50, LIKE)
    assert torch.isfinite(trials.moment).all()
    assert trials.weight.sum() == 2 * (50 - 10 - 1)


def test_trials_take_type_and_device():
    kept = window()
    kept.add(rows(0, 50))
    trials = kept.trials(0, 50, 20, torch.zeros((), dtype=torch.float32))
    assert {part.dtype for part in trials[:5]} == {torch.float32}
    assert all(part.is_contiguous() for part in trials[:5])
