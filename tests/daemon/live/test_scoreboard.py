"""Scores and latencies from sums."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from daemon.live.histogram import BIN_S, Histogram
from daemon.live.scoreboard import Scoreboard
from pipeline.live import Paired
from pipeline.timebase.rows import PairedRows


def paired(t: np.ndarray, moment: np.ndarray, predicted: np.ndarray) -> Paired:
    n = len(t)
    rows = PairedRows(
        t,
        np.zeros((n, 1)),
        np.zeros((n, 1)),
        np.zeros((n, 1, 1)),
        moment,
        valid=np.ones(n, dtype=bool),
        measured=np.ones((n, 1), dtype=bool),
    )
    unknown = np.full_like(predicted, np.nan)
    return Paired(rows, predicted, unknown, unknown)


@given(st.integers(1, 300), st.integers(0, 2**32 - 1))
def test_scores_are_those_of_all_rows_however_they_came(cut, seed):
    rng = np.random.default_rng(seed)
    t = 100.0 + np.arange(350) / 100
    moment, predicted = rng.normal(size=(350, 1)), rng.normal(size=(350, 1))
    moment[120:180] = np.nan
    board = Scoreboard(["knee"])
    for part in (slice(0, cut), slice(cut, None)):
        board.add(paired(t[part], moment[part], predicted[part]))
    error = (predicted - moment)[:, 0]
    np.testing.assert_allclose(board.rmse()["knee"], np.sqrt(np.nanmean(error**2)))
    np.testing.assert_allclose(board.per_second()["knee"][0], np.sqrt(np.mean(error[:100] ** 2)))
    r2 = 1 - np.nanmean(error**2) / np.nanvar(moment)
    np.testing.assert_allclose(board.r2()["knee"], r2)
    np.testing.assert_allclose(board.spread()["knee"], np.nanstd(moment))


def test_a_second_without_reference_has_no_score():
    board = Scoreboard(["knee"])
    board.add(paired(np.arange(200) / 100, np.full((200, 1), np.nan), np.ones((200, 1))))
    assert board.per_second() == {"knee": [None, None]}
    assert board.spread() == {"knee": None}


def test_a_constant_reference_is_its_own_mean():
    board = Scoreboard(["knee"])
    board.add(paired(np.arange(200) / 100, np.full((200, 1), 0.1), np.zeros((200, 1))))
    assert board.spread()["knee"] < 1e-8


@given(st.lists(st.floats(0, 1.9), min_size=1, max_size=200))
def test_percentiles_are_exact_to_a_bin(seconds):
    histogram = Histogram()
    for value in seconds:
        histogram.add(value)
    told = histogram.milliseconds()
    exact = np.quantile(seconds, 0.5, method="inverted_cdf")
    assert abs(told["p50"] - 1e3 * exact) <= 1e3 * BIN_S
    assert told["max"] == 1e3 * max(seconds)


def test_errors_within_two_deviations_are_counted_where_these_are_known():
    t, moment = np.arange(8) / 4, np.zeros((8, 1))
    moment[7] = np.nan
    error = np.array([0.5, 1.9, 2.1, 9.0, 1.0, 1.0, 3.0, 0.0])[:, None]
    deviation = np.array([1.0, 1.0, 1.0, np.nan, np.nan, 1.0, 1.0, 1.0])[:, None]
    board = Scoreboard(["knee"])
    board.add(replace(paired(t, moment, error), deviation=deviation))
    assert board.inside_2sd()["knee"] == 3 / 5
    assert board.inside_2sd(1)["knee"] == 1 / 2
    assert Scoreboard(["knee"]).inside_2sd() == {"knee": None}
