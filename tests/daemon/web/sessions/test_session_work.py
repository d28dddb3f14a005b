"""Big work beside the event loop: bounded, done once, kept within a bound."""

import asyncio
import threading

import pytest

from daemon.web.access.gate import RefusalError
from daemon.web.sessions.work import Workshop

PATIENCE_S = 10


def test_what_was_made_is_kept_until_there_is_too_much():
    made = []

    def job(name: str, size: int):
        def make() -> bytes:
            made.append(name)
            return bytes(size)

        return make

    async def ask():
        work = Workshop(most_kept_bytes=100)
        for name, size in (("a", 40), ("b", 40), ("a", 40), ("c", 40), ("a", 40), ("b", 40)):
            assert len(await work.once(name, job(name, size))) == size
        await work.once("huge", job("huge", 101))
        await work.once("huge", job("huge", 101))

    asyncio.run(ask())
    assert made == ["a", "b", "c", "b", "huge", "huge"]


def test_who_asks_for_the_same_at_once_waits_for_the_same():
    begun, go_on, made = threading.Event(), threading.Event(), []

    def job() -> bytes:
        begun.set()
        assert go_on.wait(PATIENCE_S)
        made.append(1)
        return b"x"

    async def ask():
        work = Workshop()
        asked = [asyncio.create_task(work.once("k", job)) for _ in range(5)]
        assert await asyncio.to_thread(begun.wait, PATIENCE_S)
        asked[0].cancel()  # who goes away takes it from nobody
        go_on.set()
        assert await asyncio.gather(*asked[1:]) == [b"x"] * 4

    asyncio.run(ask())
    assert made == [1]


def test_only_so_many_are_at_work_and_wait():
    running, most, lock = 0, 0, threading.Lock()
    both, go_on = threading.Semaphore(0), threading.Event()

    def job() -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        both.release()
        assert go_on.wait(PATIENCE_S)
        with lock:
            running -= 1
        return 1

    async def ask():
        work = Workshop(at_once=2, most_waiting=5)
        asked = [asyncio.create_task(work.anew(job)) for _ in range(5)]
        for _ in range(2):
            assert await asyncio.to_thread(both.acquire, timeout=PATIENCE_S)
        with pytest.raises(RefusalError, match="5 requests") as refused:
            await work.anew(job)
        assert refused.value.status == 503
        go_on.set()
        assert sum(await asyncio.gather(*asked)) == 5
        assert await work.anew(job) == 1

    asyncio.run(ask())
    assert most == 2


def test_what_failed_is_tried_again():
    async def ask():
        work = Workshop()

        def fail() -> bytes:
            raise RefusalError(409, "No.")

        with pytest.raises(RefusalError):
            await work.once("k", fail)
        assert await work.once("k", lambda: b"x") == b"x"

    asyncio.run(ask())
