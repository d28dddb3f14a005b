"""A worker's process: takes over from another, shows that it lives, and ends when it should."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from places import ROOT

from daemon.host.machine import family
from daemon.processes.nursery import Nursery
from daemon.processes.signs import Stop
from daemon.processes.worker import Worker
from pipeline.errors import UserError

pytestmark = pytest.mark.system
PATIENCE_S = 60.0


def works(word: str, stop: Stop) -> None:
    stop.announce_ready()
    while not stop.requested():
        time.sleep(0.01)


def complains(word: str, stop: Stop) -> None:
    raise UserError(f"{word} is wrong; mend it.")


def is_greedy(word: str, stop: Stop) -> None:
    stop.announce_ready()
    sum(range(10**11))  # in C, which lets no other thread of the process show that it lives


def is_deaf(word: str, stop: Stop) -> None:
    stop.announce_ready()
    time.sleep(600.0)


def rehearses(word: str) -> None:
    assert word


def here(function) -> str:
    return f"{__name__}:{function.__name__}"


@pytest.fixture
def nursery():
    with Nursery() as nursery:
        yield nursery


@pytest.fixture
def worker(nursery):
    made = []

    def make(target, rehearsal=None, **settings) -> Worker:
        settings["rehearsal"] = rehearsal and here(rehearsal)
        made.append(Worker(nursery, "clerk", here(target), **settings))
        return made[-1]

    yield make
    for one in made:
        one.ask_to_stop()
        one.join(0.0)


def test_a_spare_process_takes_over_when_one_dies(worker, wait_until):
    clerk = worker(works, rehearsal=rehearses)
    clerk.start("x")
    wait_until(lambda: clerk.ready, PATIENCE_S)
    clerk.prepare("y")
    clerk.await_spare()
    spare = clerk._spare.pid
    clerk.prepare("y")
    assert clerk._spare.pid == spare

    os.kill(clerk.pid, signal.SIGKILL)
    wait_until(clerk.restart_due, PATIENCE_S)
    clerk.start("x")
    assert clerk.pid == spare
    wait_until(lambda: clerk.ready, PATIENCE_S)
    assert clerk.restarts == 1


def test_pauses_grow_when_it_dies_again_and_again(worker, wait_until):
    clerk = worker(complains)
    pauses = []
    for _ in range(3):
        clerk.start("x")
        wait_until(lambda: not clerk.alive, PATIENCE_S)
        died = time.monotonic()
        wait_until(clerk.restart_due, PATIENCE_S)
        pauses.append(time.monotonic() - died)
    assert pauses[1] >= 0.2
    assert pauses[2] >= 0.5
    with pytest.raises(UserError, match="x is wrong"):
        clerk.check()


def test_a_stopped_process_is_killed_and_a_busy_one_is_not(worker, wait_until):
    stopped = worker(works, beat_patience_s=0.5)
    busy = worker(is_deaf, beat_patience_s=30.0)
    for clerk in (stopped, busy):
        clerk.start("x")
        wait_until(lambda clerk=clerk: clerk.ready, PATIENCE_S)
    wait_until(lambda: not stopped.kill_if_hung() and stopped.moves(0.5), PATIENCE_S)
    os.kill(stopped.pid, signal.SIGSTOP)
    wait_until(stopped.kill_if_hung, PATIENCE_S)
    assert not stopped.alive

    wait_until(lambda: not busy.kill_if_hung() and busy._life.loop.seconds > 0.5, PATIENCE_S)
    assert busy.moves(30.0)


def test_a_process_that_computes_without_a_sign_is_not_killed_before_its_loop_is_due(
    worker, wait_until
):
    """As one that yields to everybody else on a busy machine."""
    greedy = worker(is_greedy, beat_patience_s=0.5)
    greedy.start("x")
    wait_until(lambda: greedy.ready, PATIENCE_S)
    wait_until(lambda: not greedy.kill_if_hung() and greedy._life.beat.seconds > 1.0, PATIENCE_S)
    assert greedy.alive
    assert greedy.computes
    os.kill(greedy.pid, signal.SIGSTOP)
    wait_until(lambda: not greedy.computes, PATIENCE_S)
    wait_until(greedy.kill_if_hung, PATIENCE_S)

    late = worker(is_greedy, patience_s=1.0, beat_patience_s=0.5)
    late.start("x")
    wait_until(late.kill_if_hung, PATIENCE_S)


def test_signals_of_the_terminal_do_not_reach_it(worker, wait_until):
    clerk = worker(works)
    clerk.start("x")
    wait_until(lambda: clerk.pid, PATIENCE_S)
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(clerk.pid, number)  # while it is still being born
    wait_until(lambda: clerk.ready, PATIENCE_S)
    os.kill(clerk.pid, signal.SIGTERM)
    clerk.kill_if_hung()
    wait_until(lambda: not clerk.kill_if_hung() and clerk._life.loop.seconds == 0.0, PATIENCE_S)
    assert clerk.alive


def test_who_does_not_end_in_time_is_killed(worker, wait_until):
    clerk = worker(is_deaf)
    clerk.start("x")
    wait_until(lambda: clerk.ready, PATIENCE_S)
    clerk.ask_to_stop()
    clerk.join(0.2)
    assert not clerk.alive


def test_the_cradle_imports_what_computes_and_stays_a_single_thread(nursery, worker, wait_until):
    nursery.foresee("daemon.processes.predictor:main")
    nursery.foresee("daemon.processes.calibrator:main")
    nursery.foresee("pipeline.emg.filter:EmgFilter")
    clerk = worker(works)
    clerk.start("x")
    wait_until(lambda: clerk.ready, PATIENCE_S)
    cradle = psutil.Process(clerk.pid).parent()
    assert cradle.name() == "cradle"
    assert cradle.num_threads() == 1
    assert not [f.path for f in cradle.memory_maps() if "liblsl" in f.path]


def test_workers_live_on_without_their_cradle_and_another_takes_its_place(worker, wait_until):
    clerk, other = worker(works), worker(works)
    clerk.start("x")
    wait_until(lambda: clerk.ready, PATIENCE_S)
    cradle = psutil.Process(clerk.pid).parent()
    cradle.kill()
    wait_until(lambda: not cradle.is_running() or cradle.status() == "zombie", PATIENCE_S)
    other.start("x")
    wait_until(lambda: other.ready, PATIENCE_S)
    assert psutil.Process(other.pid).ppid() != cradle.pid
    clerk.kill_if_hung()
    wait_until(lambda: not clerk.kill_if_hung() and clerk._life.loop.seconds == 0.0, PATIENCE_S)
    assert clerk.alive
    assert clerk.restarts == 0


def test_all_end_when_the_supervisor_is_killed(wait_until):
    code = (
        "import sys, time\n"
        f"sys.path[:] = {sys.path!r}\n"
        "from daemon.processes.nursery import Nursery\n"
        "from daemon.processes.worker import Worker\n"
        f"clerk = Worker(Nursery(), 'clerk', {here(works)!r}, rehearsal={here(rehearses)!r})\n"
        "clerk.start('x'); clerk.prepare('y'); clerk.await_spare()\n"
        "while not clerk.ready: time.sleep(0.01)\n"
        "print('ready', flush=True); time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as supervisor:
        assert supervisor.stdout.readline() == "ready\n"
        names = family(supervisor.pid)
        assert set(names) == {"cradle", "clerk", "spare clerk"}
        supervisor.kill()
    wait_until(lambda: not any(map(psutil.pid_exists, names.values())), PATIENCE_S)
