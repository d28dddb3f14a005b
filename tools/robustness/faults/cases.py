"""The faults, each with what is done to the daemon."""

from __future__ import annotations

import math
import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import zmq

from pipeline.streams import clock
from tools.robustness.faults import proxy
from tools.robustness.faults.scene import Scene, Transport

Act = Callable[[Scene, float], None]
SUBSCRIBERS = 50


@dataclass(frozen=True)
class Case:
    """A fault.

    Parameters
    ----------
    name, title
        What it is called by the command and in the table.
    act
        Does it, for the given time in s, and tells the scene when it begins and ends.
    seconds, short_s
        How long it lasts in the table and in the tests, s; None where the tests leave it out.
    transport
        What the streams travel over.
    told
        Whether the daemon must say something of it.
    word
        The status word that it must say, None where any sign will do.
    """

    name: str
    title: str
    act: Act
    seconds: float = 5.0
    short_s: float | None = 1.0
    transport: Transport = "zmq"
    told: bool = True
    word: str | None = None


def _spoiling(make: Callable[[], proxy.Spoil], *keys: str) -> Act:
    """Spoil streams, all of them where none is named."""

    def act(scene: Scene, seconds: float) -> None:
        with scene.spoilt(make(), *keys):
            time.sleep(seconds)

    return act


def _shifting(by_s: float, *keys: str) -> Act:
    return _spoiling(lambda: proxy.shifted(by_s), *keys)


def _replacing(value: float, key: str) -> Act:
    return _spoiling(lambda: proxy.all_equal_to(value), key)


def _silencing(key: str) -> Act:
    return _spoiling(lambda: proxy.silence, key)


def _striking(name: str, blow: signal.Signals) -> Act:
    """Send a signal to one of the daemon's processes; the fault is over at once."""

    def act(scene: Scene, seconds: float) -> None:
        scene.prepare()
        pid = scene.pid(name)
        with scene.fault():
            os.kill(pid, blow)

    return act


def _restart_of_the_lab(scene: Scene, seconds: float) -> None:
    scene.spare_lab()
    time.sleep(3.0)  # for the second one to be prepared
    with scene.fault():
        scene.restart_lab()


def _full_disk(scene: Scene, seconds: float) -> None:
    """Let the recorder's files grow no more: what it gets is the error of a full disk."""
    recorder = scene.pid("recorder")
    limit = resource.prlimit(recorder, resource.RLIMIT_FSIZE)
    with scene.fault():
        resource.prlimit(recorder, resource.RLIMIT_FSIZE, (4096, limit[1]))
        time.sleep(seconds)
        scene.wait(
            lambda: "cannot be written" in scene.controller.statuses[-1].body["note"],
            "the full disk is told of",
        )
        resource.prlimit(recorder, resource.RLIMIT_FSIZE, limit)


def _deaf_subscriber(scene: Scene, seconds: float) -> None:
    with zmq.Context() as context, context.socket(zmq.SUB) as deaf:
        deaf.setsockopt(zmq.LINGER, 0)
        deaf.setsockopt(zmq.RCVHWM, 10)
        deaf.setsockopt(zmq.SUBSCRIBE, b"")
        with scene.fault():
            deaf.connect(scene.output)
            time.sleep(seconds)


def _many_subscribers(scene: Scene, seconds: float) -> None:
    with _listening(scene.output), scene.fault():
        time.sleep(seconds)


@contextmanager
def _listening(address: str) -> Iterator[None]:
    """Have many read what is published."""
    end = threading.Event()

    def read() -> None:
        poller = zmq.Poller()
        with ExitStack() as stack:
            context = stack.enter_context(zmq.Context())
            for _ in range(SUBSCRIBERS):
                subscriber = stack.enter_context(context.socket(zmq.SUB))
                subscriber.setsockopt(zmq.LINGER, 0)
                subscriber.setsockopt(zmq.SUBSCRIBE, b"")
                subscriber.connect(address)
                poller.register(subscriber, zmq.POLLIN)
            while not end.is_set():
                for subscriber, _ in poller.poll(100):
                    subscriber.recv()
                end.wait(0.01)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


CASES = (
    Case("drop", "20 % of all messages are lost", _spoiling(lambda: proxy.dropping(0.2))),
    Case(
        "delay",
        "every message is held back for 0 to 40 ms",
        _spoiling(lambda: proxy.delaying(0.0, 0.04)),
        told=False,
    ),
    Case("duplicate", "half of the messages come twice", _spoiling(lambda: proxy.duplicating(0.5))),
    Case(
        "reorder",
        "20 % of the messages are overtaken by those of the next 20 ms",
        _spoiling(lambda: proxy.reordering(0.2, 0.02)),
    ),
    Case(
        "corrupt",
        "some bytes of 20 % of the messages are overwritten",
        _spoiling(lambda: proxy.corrupting(0.2)),
    ),
    Case(
        "drift",
        "the EMG's clock runs 100 ppm fast",
        _spoiling(lambda: proxy.running_at(1 + 1e-4), "emg"),
        seconds=30.0,
        short_s=None,
        told=False,
    ),
    Case("ahead", "the EMG's clock is put 1 s ahead", _shifting(1.0, "emg")),
    Case("back", "the EMG's clock is put 1 s back", _shifting(-1.0, "emg")),
    Case("all-ahead", "the clock of all senders is put 1 s ahead", _shifting(1.0)),
    Case("all-back", "the clock of all senders is put 1 s back", _shifting(-1.0)),
    Case("vanish-0.2", "the EMG vanishes", _silencing("emg"), 0.2, 0.2),
    Case("vanish-2", "the EMG vanishes", _silencing("emg"), 2.0),
    Case("vanish-20", "the EMG vanishes", _silencing("emg"), 20.0, None),
    Case("vanish-angles", "the joint angles vanish", _silencing("angles"), 2.0),
    Case(
        "rate-stated",
        "the EMG comes at 1000 Hz and says 500 Hz",
        _spoiling(lambda: proxy.claiming(500.0), "emg"),
    ),
    Case(
        "rate-real",
        "the EMG says 1000 Hz and comes at 500 Hz",
        _spoiling(lambda: proxy.thinned(2), "emg"),
    ),
    Case(
        "rate-stamps",
        "the EMG's time stamps run at half speed",
        _spoiling(lambda: proxy.running_at(0.5), "emg"),
    ),
    Case("emg-nan", "the EMG is NaN", _replacing(float("nan"), "emg")),
    Case("emg-huge", "the EMG is 1e300 V", _replacing(1e300, "emg")),
    Case("angles-huge", "the joint angles are 1e300 rad", _replacing(1e300, "angles")),
    Case(
        "reference-huge",
        "the reference moments are 1e300 N·m",
        _replacing(1e300, "moments"),
        told=False,
    ),
    Case(
        "reference-spikes",
        "10 % of the reference moments are ± 90 kN·m",
        _spoiling(lambda: proxy.spiking(0.1, 9e4), "moments"),
        told=False,
    ),
    Case(
        "chunks",
        "each message of EMG is stamped as a whole, off by 8 ms (s.d.)",
        _spoiling(lambda: proxy.trembling(0.008), "emg"),
        told=False,
    ),
    Case(
        "one-stamp",
        "all EMG samples of a message bear one stamp",
        _spoiling(proxy.stamped_once, "emg"),
        told=False,
    ),
    Case(
        "unix",
        "the stamps of all senders are Unix time",
        _spoiling(lambda: proxy.shifted(time.time() - clock.now())),
    ),
    Case(
        "late-angles",
        "the joint angles arrive 120 ms late",
        _spoiling(lambda: proxy.delaying(0.12, 0.12), "angles"),
        word="STALE",
    ),
    Case(
        "late-reference",
        "the reference moments arrive 1.5 s late",
        _spoiling(lambda: proxy.delaying(1.5, 1.5), "moments"),
        short_s=None,
    ),
    Case(
        "degrees",
        "the joint angles come in degrees and say rad",
        _spoiling(lambda: proxy.scaled(180.0 / math.pi), "angles"),
        word="FAULT",
    ),
    Case(
        "newton-mm",
        "the reference moments come in N·mm and say N·m",
        _spoiling(lambda: proxy.scaled(1e3), "moments"),
    ),
    Case(
        "sign",
        "the reference moments have the opposite sign",
        _spoiling(lambda: proxy.scaled(-1.0), "moments"),
        seconds=15.0,
        short_s=None,
    ),
    Case("restart-zmq", "the senders are killed and start again", _restart_of_the_lab),
    Case("disk", "the disk under the session log is full", _full_disk, 10.0, 2.0),
    Case("deaf", "a subscriber never reads", _deaf_subscriber, 20.0, 2.0, told=False),
    Case("many", f"{SUBSCRIBERS} subscribers", _many_subscribers, 20.0, 2.0, told=False),
    *(
        Case(
            f"{name}-{past}",
            f"the {name} is {past} ({blow.name})",
            _striking(name, blow),
            word="DEGRADED" if name == "calibrator" else None,
        )
        for name, past, blow in (
            ("recorder", "killed", signal.SIGKILL),
            ("calibrator", "killed", signal.SIGKILL),
            ("calibrator", "stopped", signal.SIGSTOP),
            ("predictor", "killed", signal.SIGKILL),
            ("predictor", "stopped", signal.SIGSTOP),
        )
    ),
    Case(
        "restart-lsl",
        "over LSL, the senders are killed and start again with their source ids",
        _restart_of_the_lab,
        short_s=None,
        transport="lsl",
    ),
)
