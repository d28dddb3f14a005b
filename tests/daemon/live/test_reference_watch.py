"""References far beyond the largest moment of a set-up."""

import numpy as np

from daemon.live.reference_watch import ReferenceWatch
from pipeline.live import Paired
from pipeline.timebase.rows import PairedRows


def paired(moment):
    n = len(moment)
    rows = PairedRows(
        np.arange(n) / 100.0,
        np.zeros((n, 1)),
        np.zeros((n, 1)),
        np.zeros((n, 1, 1)),
        moment,
        valid=np.ones(n, dtype=bool),
        measured=np.ones((n, 1), dtype=bool),
    )
    unknown = np.full_like(moment, np.nan)
    return Paired(rows, np.zeros_like(moment), unknown, unknown)


def test_a_runner_is_learnt_from():
    moment = 430.0 * np.sin(np.arange(500) / 10.0)[:, None]
    watch = ReferenceWatch(["ankle"], 300.0)
    np.testing.assert_array_equal(watch.process(paired(moment)).rows.moment, moment)
    assert watch.sentence == ""


def test_newton_millimetres_are_not_even_where_they_pass_through_zero():
    moment = 50_000.0 * np.sin(np.arange(500) / 10.0)[:, None]
    watch = ReferenceWatch(["ankle"], 300.0)
    learnt = watch.process(paired(moment)).rows.moment
    assert np.isfinite(learnt).sum() < 5
    assert "The reference of ankle is" in watch.sentence
    assert "is it in N*mm?" in watch.sentence
