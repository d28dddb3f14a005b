"""What a process claims of the machine, on the machine itself."""

import gc
import os
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context

import pytest

from daemon.config import RealtimeConfig
from daemon.host.realtime import (
    GarbageCollector,
    claim_for_calibrator,
    claim_for_predictor,
    may_claim_priority,
)

ABSENT = 1023
"""Number of a processor that no machine here has."""


def predictor_state(settings, answer):
    notes = claim_for_predictor(settings)
    answer.send((notes, os.sched_getaffinity(0), os.sched_getscheduler(0)))


def calibrator_state(settings, answer):
    notes = claim_for_calibrator(settings)
    answer.send((notes, os.sched_getaffinity(0), (os.nice(0), policy_of_a_new_thread())))


def policy_of_a_new_thread():
    """As torch's threads have it, which start later."""
    with ThreadPoolExecutor() as pool:
        return pool.submit(os.sched_getscheduler, 0).result()


def in_a_process(target, settings):
    """Return what `target` answers in a process of its own, which alone is changed."""
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=target, args=(settings, there))
    process.start()
    there.close()
    answer = here.recv()
    process.join()
    return answer


def test_by_default_the_predictor_claims_nothing():
    notes, cores, policy = in_a_process(predictor_state, RealtimeConfig())
    assert not notes
    assert cores == os.sched_getaffinity(0)
    assert policy == os.SCHED_OTHER


def test_cores_and_priority_are_claimed_or_said_to_be_refused():
    core = min(os.sched_getaffinity(0))
    settings = RealtimeConfig(predictor_cores=[core], priority=10)
    notes, cores, policy = in_a_process(predictor_state, settings)
    assert cores == {core}
    if may_claim_priority():
        assert policy == os.SCHED_FIFO
        assert not notes
    else:
        assert policy == os.SCHED_OTHER
        assert len(notes) == 1
        assert "real-time priority 10" in notes[0]


def test_whether_priority_is_allowed_is_found_out_without_keeping_it():
    may_claim_priority()
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


@pytest.mark.parametrize("target", [predictor_state, calibrator_state])
def test_a_processor_that_is_not_there_is_a_note_and_no_failure(target):
    settings = RealtimeConfig(predictor_cores=[ABSENT], calibrator_cores=[ABSENT])
    notes, cores, _ = in_a_process(target, settings)
    assert len(notes) == 1
    assert str(ABSENT) in notes[0]
    assert cores == os.sched_getaffinity(0)


@pytest.mark.parametrize(
    ("name", "policy"),
    [("other", os.SCHED_OTHER), ("batch", os.SCHED_BATCH), ("idle", os.SCHED_IDLE)],
)
def test_the_calibrator_steps_back(name, policy):
    settings = RealtimeConfig(calibrator_niceness=7, calibrator_policy=name)
    notes, _, state = in_a_process(calibrator_state, settings)
    assert not notes
    assert state == (min(19, os.nice(0) + 7), policy)


def test_by_default_the_calibrator_gives_way_to_all_but_is_not_starved():
    notes, _, state = in_a_process(calibrator_state, RealtimeConfig())
    assert not notes
    assert state == (19, os.SCHED_BATCH)


class Ring:
    """Garbage that only the collector can take."""

    alive = 0

    def __init__(self):
        self.itself = self
        Ring.alive += 1

    def __del__(self):
        Ring.alive -= 1


def test_garbage_is_taken_when_it_is_due_and_not_before():
    try:
        collector = GarbageCollector(every_s=1.0, now=10.0)
        for _ in range(10_000):
            Ring()
        collector.turn(10.9)
        assert Ring.alive == 10_000
        collector.turn(11.0)
        assert Ring.alive == 0
    finally:
        gc.unfreeze()
        gc.enable()
