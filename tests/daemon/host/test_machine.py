"""Who uses the processors, on this machine and in figures of the test's own."""

import os

import pytest

from daemon.host.machine import Usage, percent, processor, usage


def test_this_process_is_among_those_that_use_the_machine():
    before = usage({"test": os.getpid()})
    while usage({"test": os.getpid()}).processes["test"] < before.processes["test"] + 0.05:
        sum(range(10_000))
    shares = percent(before, usage({"test": os.getpid()}))
    assert shares["test"] > 0.0
    assert set(shares) == {"test", "others", "stolen"}
    assert all(share >= 0.0 for share in shares.values())


def test_what_nobody_here_used_is_others():
    before = Usage(at=10.0, processes={"a": 1.0, "b": 2.0}, busy=100.0, stolen=5.0)
    after = Usage(at=20.0, processes={"a": 2.0, "b": 2.5}, busy=104.0, stolen=5.1)
    expected = {"a": 10.0, "b": 5.0, "others": 25.0, "stolen": 1.0}
    assert percent(before, after) == pytest.approx(expected)


def test_of_a_replaced_process_the_new_one_counts():
    before = Usage(at=0.0, processes={"a": 8.0}, busy=0.0, stolen=0.0)
    after = Usage(at=10.0, processes={"a": 1.0, "new": 2.0}, busy=3.0, stolen=0.0)
    assert percent(before, after) == pytest.approx(
        {"a": 10.0, "new": 20.0, "others": 0.0, "stolen": 0.0}
    )


def test_the_processor_has_a_name():
    assert processor()
