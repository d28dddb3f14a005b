"""The parts of the footprint that need no daemon: verdicts, the simulated walking, set-ups."""

import subprocess
import sys

import pytest

from daemon.assembly.model import model_in_use
from daemon.bench.footprint.figures import Figure, most
from daemon.bench.footprint.limit import MemoryLimit
from daemon.bench.footprint.start import _IMPORT, _is_foreign
from daemon.bench.footprint.walking import walking, with_22_muscles, write_walking
from daemon.bench.running import write_config
from daemon.config import load_config
from daemon.offline.calibrate import CalibrationRequest, Learnt
from daemon.offline.score import score_file
from pipeline.streams.recordings.load import load_recording

SECONDS = 8


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    file = tmp_path_factory.mktemp("walking") / "walking.npz"
    write_walking(file, SECONDS)
    return file


@pytest.mark.parametrize(
    ("value", "at_least", "reached"),
    [(0.9, False, True), (1.1, False, False), (1.0, False, True), (0.9, True, False)],
)
def test_a_figure_is_reached_on_its_side_of_the_target(value, at_least, reached):
    figure = Figure("", value, "s", 1.0, at_least, in_the_way="predict")
    assert figure.reached == reached
    assert figure.result()["in_the_way"] == ("" if reached else "predict")


def test_the_largest_share_is_named():
    assert most({"main": 60.04, "liblsl": 3.0}, "%") == "most of it is main with 60 %"


def test_simulated_walking_is_what_the_shipped_set_up_takes(recording, tmp_path):
    config = walking(tmp_path)
    streams = load_recording(recording).streams
    for key in ("emg", "angles", "moments"):
        stream = getattr(config.streams, key)
        assert streams[key].channels == tuple(stream.channels)
        assert streams[key].rate_hz == stream.rate_hz
    result = score_file(config, recording, freeze_after=0)
    assert result["nonfinite"] == 0
    assert result["seconds"] == pytest.approx(SECONDS)


def test_simulated_walking_has_cycles_to_calibrate_on(recording, tmp_path):
    request = CalibrationRequest([recording], "cycles", [(2.0, 5.0)])
    learnt = Learnt(walking(tmp_path), recording, request)
    assert len(learnt.used) == 3


def test_the_set_up_that_is_scored_has_22_muscles(tmp_path):
    assert len(model_in_use(with_22_muscles(walking(tmp_path))).muscles) == 22


def test_a_set_up_comes_back_from_its_file(tmp_path):
    config = walking(tmp_path)
    write_config(config, tmp_path / "config.toml")
    assert load_config(tmp_path / "config.toml") == config


def test_the_import_that_takes_longest_is_found_in_what_python_tells():
    lines = (
        "import time:       100 |     900000 |   torch\n"
        "import time:       100 |     999999 | daemon.cli\n"
        "import time:       100 |     300000 |     numpy.linalg\n"
    )
    found = [name for _, _, name in _IMPORT.findall(lines) if _is_foreign(name)]
    assert found == ["torch"]


GREEDY = "import os, sys; sys.stdin.read(); os.urandom(1 << 28)"
"""Waits until its input ends, then takes 256 MB."""


def test_memory_is_limited_or_said_to_be_only_watched(caplog):
    greedy = [sys.executable, "-c", GREEDY]
    with MemoryLimit(64.0) as limit, subprocess.Popen(greedy, stdin=subprocess.PIPE) as child:
        limit.add(child.pid)
        child.stdin.close()
        ended = child.wait()
    assert (ended != 0) == limit.in_force
    assert ("only watched" in caplog.text) != limit.in_force
