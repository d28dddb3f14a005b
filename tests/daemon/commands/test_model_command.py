"""`hillstream model`: fitted, drawn, examined."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from places import MODELS

from daemon.cli import main

SHIPPED = MODELS / "gait2392_right_leg.json"

ARM = """<mujoco><worldbody><body><joint name="knee_angle_r" axis="0 1 0" range="-80 80"/>
<geom size=".1"/><site name="tip" pos="0 0 .3"/></body><site name="base" pos=".05 0 -.3"/>
</worldbody><tendon><spatial name="t"><site site="base"/><site site="tip"/></spatial></tendon>
<actuator><muscle name="m" tendon="t" lengthrange=".2 .42" range=".5 1.3"/></actuator></mujoco>"""


def _run(*words: object) -> Result:
    return CliRunner().invoke(main, ["model", *map(str, words)])


@pytest.fixture
def arm(tmp_path: Path) -> Path:
    pytest.importorskip("mujoco", reason="mujoco is not installed")
    file = tmp_path / "arm.xml"
    file.write_text(ARM, encoding="utf-8")
    return file


def test_a_fit_is_drawn_and_examined(arm: Path, tmp_path: Path) -> None:
    made, drawn = tmp_path / "arm.json", tmp_path / "arm.png"
    words = [arm, "-o", made, "--joints", "knee_angle", "--side", "r", "--processes", 1]
    fitted = _run("fit", *words, "--json", tmp_path / "fit.json")
    assert fitted.exit_code == 0, fitted.output
    summary = json.loads((tmp_path / "fit.json").read_text())
    assert summary["muscles"]["m"]["length_rms_m"] < 1e-3
    assert summary["over_the_limits"] == {}
    assert "knee_angle_r: -80.0 to 80.0 deg" in fitted.output
    shown = _run("show", made, "--source", arm, "-o", drawn)
    assert shown.exit_code == 0, shown.output
    assert drawn.read_bytes().startswith(b"\x89PNG")
    assert "would be overwritten" in _run("show", made, "-o", drawn).stderr
    checked = _run("check", made, "--json", "-")
    assert checked.exit_code == 0
    findings = json.loads(checked.stdout)["findings"]
    assert [(found["muscle"], found["kind"]) for found in findings] == [("m", "sign")]
    assert _run("fit", *words).exit_code == 2


def test_a_model_that_makes_no_sense_is_not_written(arm: Path, tmp_path: Path) -> None:
    text = ARM.replace(".05 0 -.3", "0 0 .25").replace(".2 .42", ".2 .9")
    text = text.replace("<muscle", '<muscle force="100"')
    arm.write_text(text, encoding="utf-8")
    made = tmp_path / "arm.json"
    words = ["fit", arm, "-o", made, "--joints", "knee_angle_r", "--processes", 1]
    result = _run(*words)
    assert result.exit_code == 2
    assert "'m' has a tendon of " in result.stderr
    assert not made.exists()


def test_the_shipped_leg_is_drawn_without_its_source(tmp_path: Path) -> None:
    drawn = tmp_path / "leg.svg"
    assert _run("show", SHIPPED, "-o", drawn, "--muscle", "soleus_r").exit_code == 0
    assert "ankle_angle_r" in drawn.read_text()
    unknown = _run("show", SHIPPED, "-o", tmp_path / "x.png", "--muscle", "soleus")
    assert unknown.exit_code == 2
    assert "no muscle 'soleus'" in unknown.stderr


def test_a_figure_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    for output, told in (("leg.what", "cannot be written"), ("no/leg.png", "folder that exists")):
        result = _run("show", SHIPPED, "-o", tmp_path / output, "--muscle", "soleus_r")
        assert result.exit_code == 2
        assert told in result.stderr
