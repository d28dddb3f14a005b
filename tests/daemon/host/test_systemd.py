"""What a service manager hears, over a real socket."""

import os
import socket
from contextlib import closing, suppress

import pytest

from daemon.host.systemd import Service
from pipeline.output.message import Status, StatusMessage


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path, unique_name):
    """The manager's end, and how the environment names it."""
    path = request.param == "path"
    name = str(tmp_path / "notify") if path else f"@{unique_name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(10.0)
        manager.bind(name if path else "\0" + name[1:])
        yield manager, name


def status(note: str) -> StatusMessage:
    return StatusMessage(
        session="s",
        t=0.0,
        status=Status.NOMINAL,
        note=note,
        uptime_s=1.0,
        rmse={},
        parameters={},
        muscles=(),
    )


def test_the_manager_hears_that_it_is_ready_how_it_is_and_that_it_ends(manager):
    listener, name = manager
    with closing(Service({"NOTIFY_SOCKET": name})) as service:
        service.ready()
        service.ready()
        service.hear(status("All\nis well."))
        service.hear(status("All\nis well."))
        service.alive()
        service.stopping()
    heard = [listener.recv(1000) for _ in range(3)]
    assert heard == [b"READY=1", b"STATUS=NOMINAL: All is well.", b"STOPPING=1"]


def test_what_a_busy_manager_did_not_take_is_said_again(manager):
    """Its queue is full: neither that the daemon is ready nor how it is may be lost."""
    listener, name = manager
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.setblocking(False)
        fillers = 0
        with suppress(BlockingIOError):
            while True:
                other.sendto(b"X", listener.getsockname())
                fillers += 1
    with closing(Service({"NOTIFY_SOCKET": name})) as service:
        service.ready()
        service.hear(status("All is well."))
        assert {listener.recv(1000) for _ in range(fillers)} == {b"X"}
        service.ready()
        service.hear(status("All is well."))
    assert [listener.recv(1000) for _ in range(2)] == [b"READY=1", b"STATUS=NOMINAL: All is well."]


@pytest.mark.parametrize(
    ("watched", "heard"),
    [(str(os.getpid()), b"WATCHDOG=1"), ("1", b"X")],
    ids=["this process", "another"],
)
def test_only_a_watchdog_of_this_process_is_fed(watched, heard, manager):
    listener, name = manager
    environment = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "3000", "WATCHDOG_PID": watched}
    with closing(Service(environment)) as service:
        service.alive()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
        last.sendto(b"X", listener.getsockname())
    assert listener.recv(1000) == heard


def test_without_a_manager_nothing_is_said_and_nothing_fails(tmp_path):
    for environment in ({}, {"NOTIFY_SOCKET": str(tmp_path / "absent")}):
        with closing(Service(environment)) as service:
            service.ready()
            service.alive()
            service.stopping()
