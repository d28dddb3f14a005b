"""Studies whose processes are killed, on a real cluster of this machine."""

import signal

import psutil
import pyarrow.compute as pc
import pytest
from cohort_runs import PEOPLE, ended_well, kept, numbers
from small_cohort import SCORE, write_study

from tools.robustness.kill_cohort import Run, workers

pytestmark = pytest.mark.timeout(900)


def test_everybody_is_there_and_the_bad_recording_is_a_row(whole):
    people = set(whole.filter(pc.equal(whole["quantity"], SCORE))["person"].to_pylist())
    assert people == {f"P{i}" for i in range(PEOPLE)}
    (bad,) = whole.filter(pc.is_valid(whole["error"])).to_pylist()
    assert bad["person"] == "Bad"
    assert "bad.npz" in bad["error"]


def test_a_killed_worker_loses_nothing(arms, start, whole, wait_until):
    study = write_study(arms, "worker", run={"workers": 2})
    process = start(study)
    wait_until(lambda: kept(study), timeout_s=400)
    victim = workers(process.pid)[0]
    victim.send_signal(signal.SIGKILL)
    ended_well(process)
    assert not psutil.pid_exists(victim.pid) or victim.status() == psutil.STATUS_ZOMBIE
    assert numbers(study).equals(whole)


def test_a_killed_study_goes_on_where_it_was(arms, start, whole, wait_until):
    study = write_study(arms, "study", run={"workers": 2})
    process = start(study)
    wait_until(lambda: kept(study), timeout_s=400)
    orphans = workers(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    psutil.wait_procs(orphans, timeout=60)
    before = kept(study)
    assert 0 < len(before) < PEOPLE + 1
    ended_well(start(study))
    after = kept(study)
    assert before.items() <= after.items()
    assert len(after) == PEOPLE + 1
    assert numbers(study).equals(whole)


def test_parts_without_any_scheduler_make_the_whole(arms, start, whole):
    study = write_study(arms, "parts")
    said = ended_well(start(study, "--part", "1/2"))
    assert "4 finished" in said
    first = kept(study)
    said = ended_well(start(study, "--part", "2/2"))
    assert "7 finished, 1 of them without a result" in said
    assert first.items() <= kept(study).items()
    assert numbers(study).equals(whole)


def test_processes_killed_all_along_and_the_study_once(arms, whole):
    study = write_study(arms, "often", run={"workers": 3, "batch": 1})
    run = Run(study, every_s=3.0, most=6)
    run.through(lambda done: None)
    told = run.told()
    assert (told["people"], told["in_table"], told["failed"]) == (PEOPLE + 1, PEOPLE + 1, 1)
    assert (told["studies_killed"], told["twice_in_table"]) == (1, 0)
    assert told["workers_killed"] > 0
    assert told["batches_begun"] >= PEOPLE
    assert told["computed_again_though_kept"] == 0
    assert numbers(study).equals(whole)
