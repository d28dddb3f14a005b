"""The control port of a running daemon: what is ordered happens, and outlives a worker's death."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
from click.testing import CliRunner, Result

from daemon.cli import main
from daemon.control.client import ask
from daemon.host.machine import family
from daemon.ipc.requests import Command, Reply, Request
from daemon.report.material import load
from pipeline.model.subject import load_subject

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

PATIENCE_S = 150.0
TENSED, STILL = "soleus_r", "med_gas_r"
# A busy machine may stall the test's own sender; only the daemon's part is judged here.
PATIENT = {r"\[streams.emg\]": "[streams]\nstale_after_s = 2.0\n\n[streams.emg]"}


class Operator:
    """Somebody at the control port."""

    def __init__(self, address: str) -> None:
        self.address = address

    def __call__(self, command: str, **more: object) -> Reply:
        return ask(self.address, Request(command=Command(command), **more), PATIENCE_S)

    def types(self, *words: object) -> Result:
        """Use the command line."""
        arguments = [*map(str, words), "--address", self.address, "--patience", str(PATIENCE_S)]
        return CliRunner().invoke(main, ["ctl", *arguments])

    def status(self) -> dict:
        return self("status").data


def still(t: np.ndarray) -> np.ndarray:
    """Return what no sensor is without: a channel that never moves at all is faulty."""
    return 1e-5 * np.sin(1e3 * t)[:, None]


def killed(name: str) -> None:
    worker = psutil.Process(family(os.getpid())[name])
    worker.kill()
    worker.wait(PATIENCE_S)


def when_it_is_back(command: Callable[[], Reply], wait_until) -> Reply:
    """Give a command until the worker it is for has been started again."""
    replies: list[Reply] = []

    def served() -> bool:
        replies.append(command())
        return "being started" not in replies[-1].sentence

    wait_until(served, PATIENCE_S)
    return replies[-1]


@pytest.fixture
def started(walking, lab, running, wait_until):
    """A lab, a daemon at work, and its operator."""
    config = walking("zmq", **PATIENT)
    streams, daemon = lab(config), running(config)
    wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)
    return streams, daemon, Operator(config.control.address)


def test_calibration_is_paused_rolled_back_and_resumed(started, wait_until, tmp_path):
    _, daemon, operator = started
    wait_until(lambda: daemon.moments[-1].parameter_version > 1, PATIENCE_S)
    refused = operator.types("rollback", 9999)
    assert refused.exit_code == 2
    assert "Version 9999 is unknown; known are 0.." in refused.output
    wait_until(lambda: "NOMINAL" in operator.types("status").output, PATIENCE_S)
    shown = operator.types("status")
    assert shown.exit_code == 0
    assert all(word in shown.output for word in ("latency", "at work", "knee_angle_r"))

    assert operator("pause").ok
    wait_until(lambda: daemon.calibrated(lambda report: report.result == "paused"), PATIENCE_S)
    told = operator.status()
    assert told["paused"]
    version = told["version"]
    assert daemon.calibrated(lambda report: report.version == version)

    back = operator("rollback", version=0)
    assert back.ok
    assert back.sentence == f"Version {version + 1} has the parameters of version 0."
    wait_until(lambda: operator.status()["version"] == version + 1, PATIENCE_S)
    start = daemon.statuses[0].parameters
    wait_until(lambda: daemon.moments[-1].parameter_version == version + 1, PATIENCE_S)
    wait_until(lambda: daemon.told(lambda status: status.parameters == start), PATIENCE_S)
    told = operator.types("save", tmp_path / "me.json")
    assert f"parameter set {version + 1}" in told.output
    assert load_subject(tmp_path / "me.json").strength.tolist() == list(start["strength"])

    again = operator.types("save", tmp_path / "me.json")
    assert again.exit_code == 2
    assert "me.json would be overwritten; give another file, or --overwrite." in again.output
    (tmp_path / "you.levels.toml").mkdir()
    failed = operator.types("save", tmp_path / "you.json", "--overwrite")
    assert "cannot be written" in failed.output
    assert operator.types("save", tmp_path / "me.json", "--overwrite").exit_code == 0

    heard = len(daemon.statuses)
    killed("calibrator")
    wait_until(lambda: len(daemon.statuses) > heard + 3, PATIENCE_S)
    wait_until(lambda: daemon.calibrated(lambda report: report.age_s < 1.0), PATIENCE_S)
    assert daemon.calibrated(lambda report: report.result == "paused")
    assert operator.status()["version"] == version + 1

    assert operator("resume").ok
    wait_until(lambda: operator.status()["version"] > version + 1, PATIENCE_S)
    assert "the person sits down" in operator.types("mark", "the person sits down").output
    wait_until(lambda: {m.status for m in daemon.moments[-100:]} == {"NOMINAL"}, PATIENCE_S)
    session = Path(daemon.end()["session"])
    told = [event.sentence for event in load(session).events]
    handed_over = f"save (Parameter set {version + 1} was handed over to be written.)"
    assert told.count(handed_over) == 3
    assert sum("was not saved: '" in sentence for sentence in told) == 1


def test_mvc_and_resting_level_are_recorded_live_and_outlive_the_predictor(started, wait_until):
    streams, daemon, operator = started
    assert "not being recorded" in operator("mvc stop").sentence

    def tense(t: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x = np.full_like(x, 0.02) + still(t)
        x[:, 0] += 0.78 if np.sin(2 * np.pi * t[0] / 4.0) > 0 else 0.0
        return t, x

    streams.spoil["emg"] = tense
    assert operator("mvc start").ok
    wait_until(lambda: "MVC is being recorded" in daemon.note(), PATIENCE_S)
    assert "recorded already" in operator("baseline start").sentence
    begun = daemon.moments[-1].t
    wait_until(lambda: daemon.moments[-1].t > begun + 5.0, PATIENCE_S)
    done = operator("mvc stop")
    assert done.ok
    assert done.data["changed"] == [TENSED]
    assert STILL in done.sentence
    assert done.data["mvc"][TENSED] == pytest.approx(0.8, rel=1e-3)
    assert done.data["mvc"][STILL] == 1.0

    streams.spoil["emg"] = lambda t, x: (t, np.full_like(x, 0.02) + still(t))
    wait_until(lambda: operator("baseline start").ok, PATIENCE_S)
    begun = daemon.moments[-1].t
    wait_until(lambda: daemon.moments[-1].t > begun + 1.0, PATIENCE_S)
    at_rest = operator("baseline stop")
    assert at_rest.ok
    assert at_rest.data["baseline"][STILL] == pytest.approx(0.02, rel=0.5)
    # A calibrator that a busy machine holds up degrades them.
    assert {m.status for m in daemon.moments[-100:]} <= {"NOMINAL", "DEGRADED"}

    levels = {key: at_rest.data[key] for key in ("mvc", "baseline")}
    assert levels.items() <= operator("save").data.items()
    killed("predictor")
    again = when_it_is_back(lambda: operator("mvc start"), wait_until)
    assert again.ok
    assert levels.items() <= operator.status().items()
