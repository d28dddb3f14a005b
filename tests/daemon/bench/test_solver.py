import click
import pytest
import torch

from daemon.bench import solver as bench_solver
from daemon.bench.solver import Size, compared_ms, solver_ms
from daemon.commands.offline.bench import _numbers
from pipeline.errors import UserError

TINY = Size(time=20, muscles=3, trials=2, subjects=2)


def test_one_run_measures_everything(monkeypatch):
    """Small sizes, so that only the shape of the answer is looked at."""
    monkeypatch.setattr(bench_solver, "SHORT", TINY)
    monkeypatch.setattr(bench_solver, "LONG", Size(time=30, muscles=2, trials=1))
    monkeypatch.setattr(bench_solver, "SOLVER_REPEATS", 1)
    threads, told = torch.get_num_threads(), []
    result = bench_solver.bench_solver("cpu", on_progress=lambda *news: told.append(news))
    assert {"ratio_T20", "ratio_T30", "machine", "device", "threads"} <= set(result)
    assert set(result["doubled_ms"]) == {"time", "muscles", "trials", "subjects"}
    assert set(result["subjects_ms"]) == {"1", "16"}
    assert set(result["ms"]) == {"T20", "T30"}
    assert min(ms for size in result["ms"].values() for ms in size.values()) > 0.0
    assert [done for _, done in told] == sorted(done for _, done in told)
    assert torch.get_num_threads() == threads


def test_both_ways_descend_on_the_same_error():
    """After the same number of steps the two models have gone the same way."""
    ends = []
    for way in ("iterate", "iterate_stepwise"):
        problem = bench_solver.Problem(Size(time=60, muscles=4, trials=2), torch.device("cpu"))
        problem.iterate()
        before = float(problem._misfit(problem.output).detach())
        for _ in range(15):
            getattr(problem, way)()
        problem.iterate()
        ends.append(before - float(problem._misfit(problem.output).detach()))
    assert ends[0] > 1.0
    assert ends[1] == pytest.approx(ends[0], rel=0.2)


def test_an_iteration_in_the_same_memory_goes_the_same_way():
    """What CUDA replays; here it just runs."""
    ways = []
    for name in ("iterate", "iterate_replayed"):
        problem = bench_solver.Problem(TINY, torch.device("cpu"))
        problem.iterate()
        for _ in range(3):
            getattr(problem, name)()
        ways.append(problem.vector.detach())
    assert torch.equal(*ways)


def test_other_numbers_of_subjects_are_measured_where_they_are_asked_for(monkeypatch):
    monkeypatch.setattr(bench_solver, "SHORT", TINY)
    monkeypatch.setattr(bench_solver, "LONG", Size(time=30, muscles=2, trials=1))
    monkeypatch.setattr(bench_solver, "SOLVER_REPEATS", 1)
    result = bench_solver.bench_solver("cpu", subjects=(1, 3))
    assert list(result["subjects_ms"]) == ["1", "3"]
    assert "subjects_replayed_ms" not in result


@pytest.mark.parametrize("text", ["", "0", "1,", "few", "1.5"])
def test_what_is_no_list_of_numbers_is_refused(text):
    with pytest.raises(click.BadParameter, match="such as 1,16"):
        _numbers(text)


def test_times_are_positive():
    assert solver_ms(TINY, torch.device("cpu"), repeats=1) > 0
    assert min(compared_ms(TINY, torch.device("cpu"), rounds=1).values()) > 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_that_is_not_there_is_a_sentence():
    with pytest.raises(UserError, match="no CUDA device"):
        bench_solver.bench_solver("cuda")
