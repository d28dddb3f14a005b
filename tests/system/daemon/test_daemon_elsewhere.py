"""Daemons and a calibrator elsewhere as processes of their own."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from places import ROOT

from daemon.calibration.asking import clients_of
from daemon.control.client import ask
from daemon.ipc.requests import Command, Request
from daemon.processes import supervisor

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]
PATIENCE_S = 150.0
PATIENT = {r"\[streams.emg\]": "[streams]\nstale_after_s = 2.0\n\n[streams.emg]"}
BUSY = {
    **PATIENT,
    r"\[calibrator\.strength_groups\]": "[calibrator]\nstride_s = 0.1\nsteps = 30\n"
    "min_data_s = 8\n\n[calibrator.strength_groups]",
}
"""Ten updates a second are wanted, each of which takes longer than that by itself; and a second of
rows is by far too little."""


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture(autouse=True)
def _slow_to_kill(monkeypatch) -> None:
    monkeypatch.setattr(supervisor, "PREDICTOR_PATIENCE_S", PATIENCE_S)
    monkeypatch.setattr(supervisor, "DEAD_S", PATIENCE_S)


class Elsewhere:
    """`hillstream calibrator` in a process."""

    def __init__(self, config_file: str, address: str) -> None:
        self.address = address
        self._command = [sys.executable, "-m", "daemon.cli", "calibrator", config_file]
        self._command += ["--listen", address]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(self._command, env=environment, cwd=ROOT)

    def kill(self, how: int = signal.SIGKILL) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(PATIENCE_S)


@pytest.fixture
def elsewhere(walking, tmp_path) -> Iterator[Callable[..., Elsewhere]]:
    """Start a calibrator elsewhere, for daemons whose set-up has these changes."""
    with ExitStack() as stack:

        def start(changes: dict[str, str]) -> Elsewhere:
            walking("zmq", **changes)  # writes the file
            one = Elsewhere(str(tmp_path / "walking.toml"), free_address())
            one.start()
            stack.callback(one.kill)
            return one

        yield start


def at(config, address: str, **output: object):
    calibrator = config.calibrator.model_copy(update={"where": address})
    return config.model_copy(update={"calibrator": calibrator, **output})


def test_a_daemon_is_calibrated_elsewhere_and_lives_through_its_loss(
    walking, lab, running, wait_until, elsewhere
):
    """A day of a daemon without a calibrator of its own.

    1. Sets from elsewhere come into force.
    2. The calibrator is killed: DEGRADED, with a sentence; the moments go on.
    3. A rollback is possible all the same.
    4. The calibrator is started again: NOMINAL, and new sets within seconds of its being there,
       as it has the window of before. No message was left out, nothing of the daemon was restarted.
    """
    elsewhere = elsewhere(PATIENT)
    config = at(walking("zmq", **PATIENT), elsewhere.address)
    lab(config)
    daemon = running(config)
    wait_until(lambda: daemon.calibrated(lambda report: report.version > 1), PATIENCE_S)
    wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)

    elsewhere.kill()
    wait_until(lambda: daemon.status() == "DEGRADED", PATIENCE_S)
    wait_until(lambda: "does not answer. Prediction goes on" in daemon.note(), PATIENCE_S)
    version = daemon.statuses[-1].calibrator.version
    rollback = Request(command=Command.ROLLBACK, version=1)
    assert ask(config.control.address, rollback, PATIENCE_S).ok
    wait_until(lambda: daemon.calibrated(lambda r: r.version == version + 1), PATIENCE_S)

    elsewhere.start()
    served = []

    def back() -> bool:
        try:
            served.append(clients_of(elsewhere.address, None, 0.2))
        except Exception:
            return False
        return True

    wait_until(back, PATIENCE_S)
    wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)
    wait_until(
        lambda: daemon.calibrated(lambda r: r.version >= version + 1 and r.result != "rolled_back"),
        PATIENCE_S,
    )
    (client,) = clients_of(elsewhere.address, None, 5.0).clients
    assert client.missing == 0
    last = daemon.statuses[-1].calibrator
    assert last.result != "too_few_samples"
    assert elsewhere.kill(signal.SIGINT) == 0
    summary = daemon.end()
    assert summary["seq_gaps"] == 0 or daemon.stood_still
    assert set(summary["restarts"].values()) == {0}


def test_two_daemons_share_a_calibrator_that_has_too_little_time_for_them(
    walking, lab, running, wait_until, elsewhere, ipc_address, tmp_path
):
    """Both are served, and told that it is too seldom; one then has a new MVC.

    Its calibrator forgets the rows on the old scale, the other one's does not.
    """
    elsewhere = elsewhere(BUSY)
    first = at(walking("zmq", **BUSY), elsewhere.address)
    streams = lab(first)
    output = first.output.model_copy(update={"zmq": f"{ipc_address}-2"})
    control = first.control.model_copy(update={"address": f"{ipc_address}-control-2"})
    session = first.session.model_copy(update={"file": tmp_path / "two.db"})
    second = first.model_copy(update={"output": output, "control": control, "session": session})
    one, other = daemons = [running(first), running(second)]
    for daemon in daemons:
        wait_until(
            lambda daemon=daemon: daemon.calibrated(lambda report: report.version > 0), PATIENCE_S
        )
    report = clients_of(elsewhere.address, None, 5.0)
    assert [client.state for client in report.clients] == ["served", "served"]
    assert all(client.bytes_per_s > 1000 for client in report.clients)
    for daemon in daemons:
        wait_until(lambda daemon=daemon: daemon.told(_is_served_too_seldom), PATIENCE_S)

    told, since = len(other.statuses), len(one.statuses)
    _record_mvc(streams, one, first.control.address, wait_until)
    _fall_silent(streams, one, wait_until)
    wait_until(lambda: "too_few_samples" in _results(one, since), PATIENCE_S)
    streams.silent.clear()
    wait_until(lambda: one.calibrated(lambda r: r.result != "too_few_samples"), PATIENCE_S)
    assert _results(other, told)
    assert "too_few_samples" not in _results(other, told)

    one.end()
    wait_until(lambda: len(clients_of(elsewhere.address, None, 5.0).clients) == 1, PATIENCE_S)
    other.end()


def _is_served_too_seldom(status) -> bool:
    """Tell whether a status says so, and that nothing is amiss but that."""
    advice = "raise calibrator.stride_s, or serve fewer there."
    said = "serves 2 daemons and makes" in status.note and advice in status.note
    return said and status.status == "NOMINAL"


def _results(daemon, since: int) -> list[str]:
    """Return what became of the updates that a daemon's statuses have told of since then."""
    return [status.calibrator.result for status in daemon.statuses[since:] if status.calibrator]


def _fall_silent(streams, daemon, wait_until) -> None:
    """Have no more EMG come than a second's, however long the update takes that is under way."""
    begun = daemon.moments[-1].t
    wait_until(lambda: daemon.moments[-1].t > begun + 1.0, PATIENCE_S)
    streams.silent.add("emg")


def _record_mvc(streams, daemon, control: str, wait_until) -> None:
    """Have the person tense for some seconds, and the daemon take that for the MVC."""
    assert ask(control, Request(command=Command.MVC_START), PATIENCE_S).ok
    streams.spoil["emg"] = lambda t, x: (t, x + 0.3)
    begun = daemon.moments[-1].t
    wait_until(lambda: daemon.moments[-1].t > begun + 4.0, PATIENCE_S)
    stopped = ask(control, Request(command=Command.MVC_STOP, confirmed=True), PATIENCE_S)
    assert stopped.ok, stopped.sentence
    del streams.spoil["emg"]
