"""Who uses the processors, on this machine and in figures of the test's own."""

import os
import subprocess
import sys
import threading
from time import thread_time

import pytest

from daemon.host.machine import (
    Usage,
    family,
    memory_mb,
    percent,
    processor,
    threads_s,
    usage,
)


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


WAITS = (
    "import sys; open('/proc/self/comm', 'w').write('waiter'); print(flush=True); sys.stdin.read()"
)


def test_who_was_started_belongs_to_the_family_and_its_memory_counts():
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", WAITS], stdin=pipe, stdout=pipe) as child:
        child.stdout.readline()
        assert family(os.getpid())["waiter"] == child.pid
        (_, own), *others = memory_mb(os.getpid())
        assert own > 10.0
        assert all(0.0 < mb < 1000.0 for _, mb in others)
        assert others
    assert child.pid not in family(os.getpid()).values()


def test_what_a_thread_uses_is_not_the_main_threads():
    def work():
        while thread_time() < 0.2:
            sum(range(10_000))

    before = threads_s(os.getpid())
    thread = threading.Thread(target=lambda: (work(), told.set(), ended.wait()))
    told, ended = threading.Event(), threading.Event()
    thread.start()
    told.wait()
    after = threads_s(os.getpid())
    ended.set()
    thread.join()
    assert after["liblsl"] - before["liblsl"] >= 0.2
    assert after["main"] >= before["main"]
