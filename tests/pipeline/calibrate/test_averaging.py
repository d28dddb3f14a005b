"""The mean of a search's iterates."""

import numpy as np
import pytest
import torch

from pipeline.calibrate.averaging import RunningMean


def test_the_mean_of_iterates_wanders_less_than_they_do_and_follows_them():
    noise = np.random.default_rng(1).normal(size=400)
    mean = RunningMean(6)
    means = [float(mean.add(torch.tensor([value]))) for value in noise]
    assert np.std(means[6:]) < 0.5 * np.std(noise)
    for _ in range(120):
        last = mean.add(torch.tensor([3.0], dtype=torch.float64))
    assert float(last) == pytest.approx(3.0, abs=1e-3)


def test_the_first_means_are_of_all_there_is_and_what_is_forgotten_has_no_part():
    mean = RunningMean(6)
    mean.add(torch.tensor([1.0]))
    assert float(mean.add(torch.tensor([3.0]))) == pytest.approx(2.0)
    mean.forget()
    assert float(mean.add(torch.tensor([7.0]))) == pytest.approx(7.0)


def test_the_mean_of_one_is_the_newest():
    mean = RunningMean(1)
    assert [float(mean.add(torch.tensor([value]))) for value in (1.0, 5.0)] == [1.0, 5.0]
