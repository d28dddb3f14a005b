"""A worker's process: takes over from another, shows that it lives, and ends when it should."""

import os
import signal
import time

import pytest

from daemon.processes.worker import Stop, Worker
from pipeline.errors import UserError

pytestmark = pytest.mark.system
PATIENCE_S = 60.0


def works(word: str, stop: Stop) -> None:
    stop.announce_ready()
    while not stop.requested():
        time.sleep(0.01)


def complains(word: str, stop: Stop) -> None:
    raise UserError(f"{word} is wrong; mend it.")


def is_busy(word: str, stop: Stop) -> None:
    stop.announce_ready()
    time.sleep(2.0)
    works(word, stop)


def is_deaf(word: str, stop: Stop) -> None:
    stop.announce_ready()
    time.sleep(600.0)


def rehearses(word: str) -> None:
    assert word


@pytest.fixture
def worker():
    made = []

    def make(target, **settings) -> Worker:
        made.append(Worker("clerk", target, **settings))
        return made[-1]

    yield make
    for one in made:
        one.ask_to_stop()
        one.join(0.0)


def pid(worker: Worker) -> int:
    return worker._life.process.pid


def test_a_spare_process_takes_over_when_one_dies(worker, wait_until):
    clerk = worker(works, rehearsal=rehearses)
    clerk.start("x")
    wait_until(lambda: clerk.ready, PATIENCE_S)
    clerk.prepare("y")
    spare = clerk._spare.process.pid
    clerk.prepare("y")
    assert clerk._spare.process.pid == spare

    os.kill(pid(clerk), signal.SIGKILL)
    wait_until(clerk.restart_due, PATIENCE_S)
    clerk.start("x")
    assert pid(clerk) == spare
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
    busy = worker(is_busy, beat_patience_s=30.0)
    for clerk in (stopped, busy):
        clerk.start("x")
        wait_until(lambda clerk=clerk: clerk.ready, PATIENCE_S)
    wait_until(lambda: not stopped.kill_if_hung() and stopped.moves(0.5), PATIENCE_S)
    os.kill(pid(stopped), signal.SIGSTOP)
    wait_until(stopped.kill_if_hung, PATIENCE_S)
    assert not stopped.alive

    wait_until(lambda: not busy.kill_if_hung() and busy._life.loop.seconds > 0.5, PATIENCE_S)
    assert busy.moves(30.0)


def test_signals_of_the_terminal_do_not_reach_it(worker, wait_until):
    clerk = worker(works)
    clerk.start("x")
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(pid(clerk), number)  # while it is still being born
    wait_until(lambda: clerk.ready, PATIENCE_S)
    os.kill(pid(clerk), signal.SIGTERM)
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
