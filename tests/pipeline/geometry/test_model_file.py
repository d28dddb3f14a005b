"""What a model file may hold, and what a person is told when it does not."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daemon.modelling.writing import model_json
from pipeline.errors import UserError
from pipeline.geometry import ModelFile, load_model

Broken = Callable[[Callable[[dict[str, Any]], object]], Path]


@pytest.fixture
def broken(leg: ModelFile, tmp_path: Path) -> Broken:
    """Write the leg with one thing changed."""

    def write(change: Callable[[dict[str, Any]], object]) -> Path:
        content = json.loads(model_json(leg))
        change(content)
        path = tmp_path / "model.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    return write


def test_leg_has_all_its_muscles_and_the_coordinates_of_the_recordings(leg: ModelFile) -> None:
    assert leg.coordinate_names == ("hip_flexion_r", "knee_angle_r", "ankle_angle_r")
    assert len(leg.muscles) == 43
    assert leg.muscle_names[:3] == ("tib_ant_r", "soleus_r", "med_gas_r")
    assert {"iliacus_r", "psoas_r", "glut_max1_r", "semiten_r"} <= set(leg.muscle_names)
    soleus = leg.muscles[leg.muscle_names.index("soleus_r")]
    assert soleus.max_isometric_force_n == 3549
    assert soleus.path.coordinates == ("ankle_angle_r",)


def test_arm_has_its_muscles(arm: ModelFile) -> None:
    assert arm.muscle_names == (
        *("DELT1", "DELT2", "DELT3", "BIClong", "BICshort"),
        *("TRIlong", "TRIlat", "TRImed", "BRA", "BRD"),
    )


def test_every_shipped_path_meets_the_limits_of_the_fit(model: ModelFile) -> None:
    for muscle in model.muscles:
        assert muscle.path.length_rms_m <= 1e-3, muscle.name
        assert max(muscle.path.moment_arm_rms_m.values()) <= 1.5e-3, muscle.name
        assert len(muscle.path.exponents) <= 250, muscle.name


def test_what_is_written_is_read_back_the_same(model: ModelFile, tmp_path: Path) -> None:
    path = tmp_path / "again.json"
    path.write_text(model_json(model), encoding="utf-8")
    assert load_model(path) == model


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.json cannot be read .*No such file"):
        load_model(tmp_path / "nowhere.json")


@pytest.mark.parametrize("content", [b"not json", b"\xff\xfe\x00"])
def test_not_json(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"is not JSON"):
        load_model(path)


@pytest.mark.parametrize("content", ["[]", "{}", '{"format": "other/1"}'])
def test_wrong_format(tmp_path: Path, content: str) -> None:
    path = tmp_path / "model.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=r"where 'hillstream-model/1' is read"):
        load_model(path)


def _soleus(content: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(m for m in content["muscles"] if m["name"] == "soleus_r")
    return found


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda c: _soleus(c).update(tendon_slack_length_m=-0.25),
            r"muscles\.soleus_r\.tendon_slack_length_m: .*greater than 0, got -0\.25",
        ),
        (
            lambda c: _soleus(c).update(optimal_fibre_length_m=float("nan")),
            r"muscles\.soleus_r\.optimal_fibre_length_m: .*finite",
        ),
        (lambda c: _soleus(c).pop("path"), r"muscles\.soleus_r\.path: Field required"),
        (lambda c: _soleus(c).update(colour="red"), r"muscles\.soleus_r\.colour"),
        (lambda c: c.update(muscles=[]), r"muscles: .*at least 1"),
        (
            lambda c: _soleus(c)["path"].update(coordinates=["wrist"]),
            r"path of 'soleus_r' depends on 'wrist', which is none of",
        ),
        (
            lambda c: _soleus(c)["path"]["coefficients"].pop(),
            r"path of 'soleus_r' has 3 coefficients for 4 terms",
        ),
        (
            lambda c: _soleus(c)["path"]["exponents"][0].append(1),
            r"path of 'soleus_r' has the term \[0, 1\] for 1 coordinates",
        ),
        (lambda c: c["muscles"].append(_soleus(c)), r"muscle 'soleus_r' is there 2 times"),
        (
            lambda c: c["coordinates"][0].update(range_rad=[1.0, 1.0]),
            r"range of 'hip_flexion_r' must rise, got \[1, 1\] rad",
        ),
    ],
)
def test_a_mistake_is_told_in_one_sentence_with_its_place(
    broken: Broken, change: Callable[[dict[str, Any]], object], told: str
) -> None:
    path = broken(change)
    with pytest.raises(UserError, match=told) as error:
        load_model(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
