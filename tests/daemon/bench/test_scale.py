"""The scale bench on small sizes: the fits, what is made to grow, and what the command tells."""

import gc
import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from daemon.bench import scale_solver, scale_update
from daemon.bench.scale_bytes import RATE_HZ, link_growth
from daemon.bench.scale_fit import growth
from daemon.bench.scale_solver import Cost, Load, clock_of, cost_of, problem_of, turn
from daemon.config import load_config
from pipeline.metrics import rms

ARM = load_config("arm")
CPU = torch.device("cpu")
SIZES = (1, 2, 4, 8, 16)


@pytest.fixture(autouse=True)
def _no_collection():
    """A collection of what other tests have left takes longer than what is measured here."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@given(st.floats(0.01, 10.0), st.floats(0.01, 10.0))
def test_a_line_is_found_again(fixed, slope):
    found = growth(SIZES, [fixed + slope * x for x in SIZES])
    assert found.fixed == pytest.approx(fixed)
    assert found.slope == pytest.approx(slope)
    assert found.at(32) == pytest.approx(fixed + 32 * slope)
    assert found.residual < 1e-9


@given(st.floats(0.1, 10.0), st.floats(-2.0, 3.0))
def test_a_power_is_found_again(factor, power):
    found = growth(SIZES, [factor * x**power for x in SIZES])
    assert found.power == pytest.approx(power, abs=1e-9)
    assert found.power_sd == pytest.approx(0.0, abs=1e-6)


def test_the_spread_of_a_slope_is_how_much_it_scatters():
    """Fits of many noisy lines scatter by the standard error that one of them tells."""
    random = np.random.default_rng(1)
    line = 1.0 + 2.0 * np.array(SIZES)
    found = [growth(SIZES, line * random.normal(1.0, 0.05, len(SIZES))) for _ in range(500)]
    told = rms([one.slope_sd for one in found])
    assert np.std([one.slope for one in found]) == pytest.approx(told, rel=0.1)


@pytest.mark.parametrize(("sizes", "costs"), [((1,), (1,)), ((1, 1), (1, 2)), ((1, 2), (0, 1))])
def test_no_growth_is_told_of_too_little(sizes, costs):
    with pytest.raises(ValueError, match="no growth"):
        growth(sizes, costs)


def test_a_live_window_is_cut_as_the_calibrator_cuts_it():
    """The default window of 10 s: three fresh trials of 2.8 s, and two remembered ones."""
    problem = problem_of(Load(people=2, joints=7), ARM, CPU)
    assert problem.trials.excitation.shape == (2, 5, 16, 280)
    assert problem.trials.moment.shape == (2, 5, 7, 280)
    assert problem.trials.moment_arm.shape == (2, 5, 7, 16, 280)
    before = problem.vector.detach().clone()
    problem.iterate()
    assert not torch.equal(problem.vector, before)


def test_people_calibrated_together_are_each_calibrated_as_alone():
    """Every person of a batch gets a loss of their own; more joints are copies of the first."""
    one, many = (problem_of(Load(people, 5, 5.0), ARM, CPU) for people in (1, 3))
    for problem in (one, many):
        for _ in range(3):
            problem.iterate()
    assert torch.allclose(one.vector[0], many.vector[0], atol=1e-4)


def test_an_iteration_of_more_people_takes_more_time_and_memory():
    small, large = (cost_of([turn(Load(people=n), ARM, CPU)]) for n in (1, 16))
    assert large.seconds > 2.0 * small.seconds
    assert large.mb > small.mb > 0.0
    low, high = large.quartiles_s
    assert low <= large.seconds <= high


def test_one_thread_is_measured_in_processor_time(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert clock_of(CPU) is scale_solver.time.process_time
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    assert clock_of(CPU) is scale_solver.time.perf_counter


def test_memory_that_is_not_told_has_no_slope():
    costs = [Cost(x, (x, x), float("nan")) for x in (1.0, 2.0)]
    assert scale_solver.described((1.0, 2.0), costs)["mb"] is None


def test_the_link_carries_each_muscle_with_its_arms():
    """A number is 9 bytes as msgpack has it; a muscle has two, an arm per joint and a truth."""
    link = link_growth((5, 10, 20), joints=3)
    assert link["bytes_per_s"]["slope"] == pytest.approx(RATE_HZ * (9 * (2 + 3) + 1), rel=0.05)
    assert link["bytes_per_s"]["residual"] < 0.01


def test_an_updates_rest_is_what_no_step_takes(monkeypatch):
    monkeypatch.setattr(scale_update, "STEPS", (1, 40))
    monkeypatch.setattr(scale_update, "REPEATS", 3)
    monkeypatch.setattr(scale_update, "SECONDS", 5.0)
    calibrator = ARM.calibrator.model_copy(update={"device": "cpu"})
    found = scale_update.update_growth(ARM.model_copy(update={"calibrator": calibrator}))
    assert (found["muscles"], found["joints"], found["steps"]) == (10, 4, 20)
    assert found["seconds"]["slope"] > 0.0


def test_the_command_tells_every_slope(monkeypatch, hillstream, tmp_path):
    axes = {name: dict(list(loads.items())[:2]) for name, loads in scale_solver.AXES.items()}
    monkeypatch.setattr(scale_solver, "AXES", axes)
    monkeypatch.setattr(scale_solver, "ROUNDS", 1)
    monkeypatch.setattr(scale_solver, "REPEATS", 1)
    monkeypatch.setattr(scale_update, "STEPS", (1, 2))
    monkeypatch.setattr(scale_update, "REPEATS", 1)
    monkeypatch.setattr(scale_update, "SECONDS", 5.0)
    file = tmp_path / "scale.json"
    told = hillstream("bench", "scale", "--device", "cpu", "--session-seconds", "0", "--json", file)
    assert told.exit_code == 0, told.output
    result = json.loads(file.read_text())
    assert set(result["slopes"]) == {"people", "muscles", "window", "joints"}
    assert result["session"] is None
    assert result["clock"] == "processor"
    assert "ms a step" in told.output
