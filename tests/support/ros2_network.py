"""ROS 2 domains of a test's own, and programs that listen in them."""

import json
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest

NO_DDS = "the package cyclonedds is not installed: pip install 'hillstream[ros2]'"


class Witness:
    """A listener in another process, and every message that it wrote down."""

    def __init__(self, domain: int, topic: str, kind: str, reliability: str) -> None:
        program = Path(__file__).with_name("ros2_witness.py")
        self._process = subprocess.Popen(
            [sys.executable, str(program), str(domain), topic, kind, reliability],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.heard: list[dict[str, Any]] = []
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        self.heard.extend(map(json.loads, self._process.stdout))

    def halt(self) -> None:
        """Let it stand still, as a debugger would."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self.go_on()
        self._process.kill()
        self._process.wait()
        self._thread.join()
        self._process.stdout.close()


@cache
def typestore(release: str) -> Any:
    """Return the message definitions of a ROS release, with rosbags' coder for them."""
    typesys = pytest.importorskip("rosbags.typesys", reason="the package rosbags is not installed")
    return typesys.get_typestore(typesys.Stores[release])


@pytest.fixture
def ros2_domain() -> int:
    """A ROS 2 domain for one test; the tag of tests/conftest.py hides it from other runs."""
    pytest.importorskip("cyclonedds", reason=NO_DDS)
    return random.SystemRandom().randint(1, 100)


@pytest.fixture
def witness(ros2_domain: int) -> Iterator[Callable[..., Witness]]:
    """Start a listener on a DDS topic."""
    with ExitStack() as stack:

        def start(topic: str, kind: str, reliability: str = "reliable") -> Witness:
            one = Witness(ros2_domain, topic, kind, reliability)
            stack.callback(one.close)
            return one

        yield start
