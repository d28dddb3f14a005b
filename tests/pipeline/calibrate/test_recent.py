"""The rows that two sets of parameters are compared on."""

import torch
from person import RATE_HZ, recorded

from pipeline.calibrate.recent import Recent

LIKE = torch.zeros((), dtype=torch.float64)


def counted(recent):
    """Return how many rows count in its trials."""
    return int(recent.trials(100, LIKE).weight[:, 0].sum())


def test_rows_that_come_in_small_parts_all_count_and_the_oldest_go():
    recent, rows = Recent(400, RATE_HZ, 30), recorded(6.0)
    for start in range(0, 300, 7):
        recent.add(rows.part(slice(start, min(start + 7, 300))))
    assert counted(recent) == 300
    for start in range(300, 600, 7):
        recent.add(rows.part(slice(start, min(start + 7, 600))))
    trials = recent.trials(100, LIKE)
    assert trials.weight.shape[0] == 4
    newest = torch.as_tensor(rows.moment[-100:].T)
    torch.testing.assert_close(trials.moment[-1, :, -100:], newest)


def test_what_was_before_a_change_is_forgotten():
    recent, rows = Recent(400, RATE_HZ, 30), recorded(6.0)
    recent.add(rows)
    recent.keep(130)
    trials = recent.trials(100, LIKE)
    assert trials.weight.shape == (1, 2, 130)
    torch.testing.assert_close(trials.length[0], torch.as_tensor(rows.length[-130:].T))
