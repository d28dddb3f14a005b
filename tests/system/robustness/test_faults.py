"""Short forms of every fault, on one daemon that has to live through all of them."""

import tempfile
from pathlib import Path

import pytest

from tools.robustness.faults.__main__ import play
from tools.robustness.faults.cases import CASES
from tools.robustness.faults.scene import Scene

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]

SHORT = {case.name: case for case in CASES if case.short_s is not None}


@pytest.fixture(scope="module")
def scene():
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        with Scene(Path(folder), good_for_s=0.3) as scene:
            yield scene
            status = scene.stop()
        assert status == 0
        assert scene.controller.moments[-1].status == "STOPPED"
        assert "Traceback" not in scene.log


@pytest.mark.parametrize("name", SHORT)
def test_nothing_breaks_and_all_is_well_again(name, scene):
    before = len(scene.controller.moments)
    found = play(SHORT[name], scene, short=True)
    assert found.nonfinite == 0
    assert found.recovered_s is not None
    assert ("FAULT" in found.words) == (SHORT[name].word == "FAULT")
    heard = scene.controller.moments[before:]
    if name.startswith("predictor"):
        assert found.sessions == 2
        versions = [m.body["pv"] for m in heard]
        assert versions == sorted(versions)
    else:
        assert found.sessions == 1
        numbers = [m.body["seq"] for m in heard]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    if name.startswith("calibrator"):
        assert "DEGRADED" in found.words
        assert "STARTING" not in found.words
    if name == "disk":
        assert "session log cannot be written" in found.note
