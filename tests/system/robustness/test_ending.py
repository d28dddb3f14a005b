"""How the daemon ends, and what a service manager hears of it."""

import os
import signal
import socket
import tempfile
from pathlib import Path

import psutil
import pytest

from daemon.host.machine import family
from tools.robustness.faults.scene import Scene

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        yield Path(folder)


def hear(manager, *beginnings):
    """Read what the manager is told until something with each of these beginnings was."""
    missing = set(beginnings)
    while missing:
        said = manager.recv(1000)
        missing -= {beginning for beginning in missing if said.startswith(beginning)}


def test_the_first_signal_ends_it_in_order_and_the_second_at_once(folder, wait_until):
    """A recorder that does not move holds up the end in order; a second signal does not wait."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(folder / "notify"))
        manager.settimeout(60.0)
        environment = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "300000"}
        with Scene(folder, environment=environment, good_for_s=0.3) as scene:
            scene.settle()
            scene.prepare()
            hear(manager, b"READY=1", b"WATCHDOG=1", b"STATUS=")

            known = family(scene.daemon.pid)
            os.kill(known["recorder"], signal.SIGSTOP)
            scene.daemon.send_signal(signal.SIGTERM)
            hear(manager, b"STOPPING=1")
            wait_until(lambda: scene.controller.moments[-1].status == "STOPPED", 60.0)
            scene.daemon.send_signal(signal.SIGTERM)
            assert scene.daemon.wait(60.0) == 130
    assert not [name for name, pid in known.items() if psutil.pid_exists(pid)]
    assert not any(scene.controller.moments[-1].body["m"])
