"""The numbers of messages: none is used twice, and no wrong number shuts a sender out for long."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.streams.zeromq.sequence import RESUME_AFTER_S, WINDOW, Arrival, Sequence


def judged(numbers, run=1, silence_s=0.01):
    sequence = Sequence()
    return [sequence.judge(number, run, silence_s) for number in numbers], sequence


def test_a_step_forward_is_new_and_counts_what_is_lost():
    verdicts, sequence = judged([5, 6, 9])
    assert set(verdicts) == {Arrival.NEW}
    assert sequence.lost == 2


def test_a_late_message_is_new_once_and_no_longer_lost():
    verdicts, sequence = judged([0, 2, 1, 1, 2])
    assert verdicts == [Arrival.NEW] * 3 + [Arrival.REPLAYED] * 2
    assert sequence.lost == 0


@given(st.lists(st.integers(0, 3 * WINDOW), min_size=1, max_size=80))
def test_no_number_is_used_twice(numbers):
    verdicts, _ = judged(numbers)
    used = [n for n, verdict in zip(numbers, verdicts, strict=True) if verdict is Arrival.NEW]
    assert len(used) == len(set(used))


@given(st.integers(0, 2**63))
def test_a_wrong_number_shuts_nobody_out(wrong):
    """Whatever one damaged message says, the ones after it go on, at the latest after a silence."""
    sequence = Sequence()
    for number in range(100):
        sequence.judge(number, 1, 0.01)
    sequence.judge(wrong, 1, 0.01)
    right = (number for number in range(100, 300) if number != wrong)
    assert all(sequence.judge(number, 1, 0.01) is Arrival.NEW for number in right)


def test_a_first_number_that_is_wrong_costs_one_silence():
    sequence = Sequence()
    sequence.judge(2**60, 1, float("inf"))
    assert sequence.judge(0, 1, 0.01) is Arrival.REPLAYED
    assert sequence.judge(1, 1, RESUME_AFTER_S + 0.01) is Arrival.RETURN
    assert sequence.judge(2, 1, 0.01) is Arrival.NEW


def test_a_restart_shows_by_its_run_or_by_zero():
    sequence = Sequence()
    assert sequence.judge(7, 1, float("inf")) is Arrival.NEW
    assert sequence.judge(9, 2, 0.01) is Arrival.RETURN
    verdicts, _ = judged([7, 0, 1], run=None)
    assert verdicts == [Arrival.NEW, Arrival.RETURN, Arrival.NEW]
