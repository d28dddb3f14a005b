"""A skeleton that cannot be is refused in a sentence."""

import json
from pathlib import Path

import pytest
from places import MODELS

from pipeline.errors import UserError
from pipeline.geometry import load_model
from pipeline.model.skeleton import load_skeleton
from pipeline.model.skeleton.tree_file import save_skeleton

ARM = MODELS / "myoarm_skeleton.json"


@pytest.fixture
def content():
    return json.loads(ARM.read_text(encoding="utf-8"))


def refusal(content, folder: Path) -> str:
    path = folder / "skeleton.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(UserError) as refused:
        load_skeleton(path)
    return str(refused.value)


def test_the_arm_has_the_joints_of_its_muscles():
    chain = load_skeleton(ARM)
    assert chain.coordinates == load_model(MODELS / "myoarm_right.json").coordinate_names
    assert chain.bone_names == ("humerus", "ulna", "radius")


def test_what_is_written_is_read_again(tmp_path):
    chain = load_skeleton(ARM)
    save_skeleton(chain, tmp_path / "again.json")
    assert load_skeleton(tmp_path / "again.json") == chain


def test_a_bone_without_mass(content, tmp_path):
    content["bones"][1]["mass_kg"] = 0.0
    assert "'ulna'" in (said := refusal(content, tmp_path))
    assert "mass above zero, got 0 kg" in said


def test_an_inertia_that_no_body_has(content, tmp_path):
    content["bones"][0]["inertia_kg_m2"] = [0.02, 0.005, 0.005, 0.0, 0.0, 0.0]
    assert "less than the sum of the others" in refusal(content, tmp_path)


def test_a_hinge_that_turns_with_an_unknown_joint(content, tmp_path):
    content["hinges"][3]["angle"] = {"wrist_flexion": 1.0}
    assert "'wrist_flexion'" in refusal(content, tmp_path)


def test_hinges_that_do_not_move_independently(content, tmp_path):
    content["hinges"][4]["angle"] = {"elbow_flexion": 1.0}
    assert "independently" in refusal(content, tmp_path)


def test_a_bone_that_no_hinge_carries(content, tmp_path):
    content["hinges"][3]["bone"] = None
    assert "humerus, radius" in refusal(content, tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [("axis", [0.0, 0.0, 0.0]), ("offset_m", [0.0, 1.0]), ("quaternion", ["a", 0, 0, 0])],
)
def test_numbers_that_are_none(content, tmp_path, key, value):
    content["hinges"][0][key] = value
    assert "wrong one" in refusal(content, tmp_path)


def test_a_missing_entry(content, tmp_path):
    del content["bones"][2]["mass_kg"]
    assert "mass_kg" in refusal(content, tmp_path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        load_skeleton(tmp_path / "none.json")


def test_a_file_that_is_not_json(tmp_path):
    (tmp_path / "text").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match="not JSON"):
        load_skeleton(tmp_path / "text")


def test_a_file_of_another_kind(tmp_path):
    assert "is not a skeleton" in refusal({"format": "hillstream-model/1"}, tmp_path)
