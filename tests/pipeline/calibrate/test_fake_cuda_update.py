"""Whole updates with the host taken for a GPU: the same numbers, and no read at a step."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from fake_gpu import Reads
from person import BOUNDS, RATE_HZ, prior, recorded

from daemon.assembly.calibrator import calibrator_settings
from daemon.config.learning import CalibratorConfig
from pipeline import device
from pipeline.calibrate.calibrator import Calibrator
from pipeline.calibrate.delay import Delays
from pipeline.calibrate.loss import LossSettings, data_loss, moment_error, plausibility_penalty
from pipeline.calibrate.start import StartSettings, find_start
from pipeline.calibrate.unmeasured import UnmeasuredMuscles
from pipeline.calibrate.window import Window
from pipeline.model.parameters import ParameterSpace, Rule

SETTINGS = replace(
    calibrator_settings(CalibratorConfig()), window_s=6.0, segment_s=1.5, min_data_s=2.0, steps=6
)
DELAYS = Delays(0.02, 0.15, 0.01)
DEEP = UnmeasuredMuscles(
    torch.tensor([False, False, True]), torch.full((3,), 2000.0, dtype=torch.float32)
)


@pytest.fixture
def as_on_a_gpu(monkeypatch):
    """Let all be computed as where the host does not compute."""
    monkeypatch.setattr(device, "HOSTS", frozenset())


def space():
    rules = {name: Rule(True, bounds) for name, bounds in BOUNDS.items()}
    return ParameterSpace(prior(), rules, [], torch.float32)


def updates(settings=SETTINGS, **options):
    """Return the second of two updates, and how often the host read in it."""
    learner = Calibrator(space(), RATE_HZ, settings, **options)
    learner.add(recorded(5.0))
    learner.update()
    learner.add(recorded(1.0, 5.0))
    with Reads() as reads:
        return learner.update(), reads


def test_an_update_comes_to_the_same(request):
    on_host, _ = updates(unmeasured=DEEP)
    request.getfixturevalue("as_on_a_gpu")
    elsewhere, _ = updates(unmeasured=DEEP)
    assert elsewhere.result is on_host.result
    assert elsewhere.loss == pytest.approx(on_host.loss, rel=1e-3)
    for name, values in on_host.subject.values().items():
        np.testing.assert_allclose(elsewhere.subject.values()[name], values, rtol=2e-3)


@pytest.mark.usefixtures("as_on_a_gpu")
@pytest.mark.parametrize("deep", [None, DEEP])
def test_more_steps_are_read_no_more_often(deep):
    few = updates(replace(SETTINGS, steps=2), unmeasured=deep)[1]
    many = updates(replace(SETTINGS, steps=12), unmeasured=deep)[1]
    # The judge reads at each of its iterations, of which other parameters may need one more.
    assert 0 < few.count - 3 <= many.count <= few.count + 3


def test_on_the_host_every_iteration_is_read():
    """Without this the test above would prove nothing."""
    few = updates(replace(SETTINGS, steps=2))[1]
    many = updates(replace(SETTINGS, steps=12))[1]
    assert many.count >= few.count + 10


@pytest.mark.usefixtures("as_on_a_gpu")
def test_nor_is_the_search_for_a_start():
    window, counts = Window(600, RATE_HZ, 50), []
    window.add(recorded(4.0))
    trials = window.trials(0, 400, 150, space().zeros())

    def loss(output, trials, scale, vector):
        return data_loss(moment_error(output, trials, scale)) + plausibility_penalty(
            output, LossSettings()
        )

    for steps in (2, 5):
        with Reads() as reads:
            find_start(space(), trials, RATE_HZ, loss, DELAYS, None, StartSettings(steps=steps))
        counts.append(reads.by_name)
    assert counts[0] == counts[1]
