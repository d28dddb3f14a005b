"""What only a GPU can show: the CPU's numbers, no host wait in the descent, memory that stays."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from person import BOUNDS, RATE_HZ, prior, recorded

from daemon.assembly.calibrator import calibrator_settings
from daemon.bench.solver import Problem, Size
from daemon.config.learning import CalibratorConfig
from pipeline.calibrate.calibrator import Calibrator
from pipeline.calibrate.delay import Delays
from pipeline.calibrate.descent import Descent
from pipeline.calibrate.loss import data_loss, moment_error, moment_scale
from pipeline.calibrate.optimiser import GroupedAdamW
from pipeline.calibrate.window import Window
from pipeline.model.nms import simulate
from pipeline.model.parameters import ParameterSpace, Rule
from pipeline.update import ADOPTED

pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="this machine has no CUDA device"
)
SETTINGS = replace(
    calibrator_settings(CalibratorConfig()), window_s=6.0, segment_s=1.5, min_data_s=2.0
)
KEPT = 2**20
"""Bytes by which the memory in use may differ from one look to another."""


def space_on(device):
    rules = {name: Rule(True, bounds) for name, bounds in BOUNDS.items()}
    return ParameterSpace(prior(), rules, [], torch.float32, device)


def trials_on(device):
    window = Window(600, RATE_HZ, 50)
    window.add(recorded(5.0))
    return window.trials(0, 450, 150, torch.zeros((), device=device))


def descent_on(device):
    space = space_on(device)

    def loss(output, trials, scale, vector):
        return data_loss(moment_error(output, trials, scale))

    return Descent(space, GroupedAdamW(space, space.zeros(), 0.01), 0.01, loss)


def learner_on(device):
    return Calibrator(space_on(device), RATE_HZ, SETTINGS, delays=Delays(0.02, 0.15), stranger=True)


def test_the_model_is_that_of_the_cpu():
    outputs = []
    for device in ("cpu", "cuda"):
        space, trials = space_on(device), trials_on(device)
        with torch.no_grad():
            outputs.append(simulate(space.parameters(space.zeros()), *trials[:3], 0.01))
    for name in ("moment", "force", "activation", "w"):
        here, there = (getattr(output, name).cpu() for output in outputs)
        torch.testing.assert_close(there, here, rtol=1e-3, atol=1e-3 * float(here.abs().max()))


def test_a_descent_ends_where_it_does_on_the_cpu():
    ends = []
    for device in ("cpu", "cuda"):
        descent, trials = descent_on(device), trials_on(device)
        descent.optimiser.set_rates(0.05, 0.02)
        found = descent.take(20, trials, moment_scale(trials), None)
        ends.append((found, descent.optimiser.vector.detach().cpu()))
    (here, vector), (there, other) = ends
    assert there.loss == pytest.approx(here.loss, rel=1e-2)
    assert there.fallbacks == here.fallbacks == 0
    torch.testing.assert_close(other, vector, rtol=0.0, atol=0.02)


def test_updates_learn_as_they_do_on_the_cpu():
    last = []
    for device in ("cpu", "cuda"):
        learner = learner_on(device)
        learner.add(recorded(5.0))
        for second in range(4):
            learner.add(recorded(1.0, 5.0 + second))
            update = learner.update()
        assert update.subject.strength.dtype == np.float64
        last.append(update)
    assert {update.result in ADOPTED for update in last} == {True}
    assert last[1].error_after < 1.3 * last[0].error_after + 0.01


@pytest.fixture
def waits_are_errors():
    """Let torch raise where the host waits for the GPU."""

    def refuse(refused=True):
        torch.cuda.set_sync_debug_mode("error" if refused else "default")

    yield refuse
    torch.cuda.set_sync_debug_mode("default")


def test_the_host_never_waits_within_a_descent(waits_are_errors):
    descent, trials = descent_on("cuda"), trials_on("cuda")
    descent.optimiser.set_rates(0.05, 0.02)
    descent.begin(trials, moment_scale(trials), None)  # constants move to the GPU once
    descent.go_on()  # runs once, and is recorded: that is waited for
    others = trials_on("cuda")
    scale = moment_scale(others)
    waits_are_errors()
    descent.begin(others, scale, None)
    for _ in range(20):
        descent.go_on()
    with pytest.raises(RuntimeError, match="synchroniz"):
        descent.found()
    waits_are_errors(False)
    assert descent.found().loss is not None


def test_a_replayed_step_is_the_step():
    """Twenty steps that are replayed, against twenty that are not."""
    ends = []
    for way in ("iterate", "iterate_replayed"):
        problem = Problem(Size(time=60, muscles=4, trials=2, subjects=3), torch.device("cuda"))
        problem.iterate()
        for _ in range(20):
            getattr(problem, way)()
        ends.append(problem.vector.detach())
    torch.testing.assert_close(*ends, rtol=1e-3, atol=1e-3)


def test_memory_stays_over_a_thousand_updates():
    learner, seen = learner_on("cuda"), []
    learner.add(recorded(6.0))
    for number in range(1000):
        learner.add(recorded(0.1, 6.0 + 0.1 * number))
        learner.update()
        if number in (99, 999):
            torch.cuda.synchronize()
            seen.append(torch.cuda.memory_allocated())
    assert seen[1] <= seen[0] + KEPT
