"""What a study may say, and what it is told otherwise."""

import re

import pytest
from places import ROOT
from small_cohort import write_study

from daemon.cohort.study import Study
from daemon.cohort.study_file import load_study
from pipeline.errors import UserError


def refused(path):
    with pytest.raises(UserError) as error:
        load_study(path)
    return str(error.value)


def test_paths_are_beside_the_study(tmp_path):
    (tmp_path / "arm.toml").write_text("")
    study = load_study(write_study(tmp_path))
    assert study.table == tmp_path / "people.csv"
    assert study.output == tmp_path / "study-out"
    assert study.setups == [str(tmp_path / "arm.toml")]


def test_every_mistake_is_told_with_what_was_meant(tmp_path):
    path = write_study(tmp_path, tabel="x", study={"typ": "folds"}, run={"batch": 0})
    told = refused(path)
    assert "3 mistakes" in told
    assert "tabel: there is no such key (did you mean 'table'?)" in told
    assert "study.typ: there is no such key (did you mean 'type'?)" in told
    assert "run.batch: Input should be greater than or equal to 1 (got 0)" in told


def test_what_is_missing_is_told(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text('table = "people.csv"\nsetups = "arm"\n')
    assert "output: it is missing" in refused(path)


def test_a_choice_is_one_choice(tmp_path):
    path = write_study(tmp_path, calibrate={"cycles": "2:5"})
    assert "choose by one of cycles and seconds" in refused(path)


def test_ranges_have_to_rise(tmp_path):
    assert "got '7:3'" in refused(write_study(tmp_path, calibrate={"seconds": "7:3"}))


def test_folds_need_enough_to_leave_out(tmp_path):
    path = write_study(tmp_path, study={"type": "folds", "folds": 5})
    assert "5 folds of 4 cycles or ranges cannot be made" in refused(path)


def test_cycles_are_left_out_one_by_one(tmp_path):
    path = write_study(
        tmp_path, calibrate={"seconds": [], "cycles": "2:7"}, study={"type": "folds"}
    )
    assert load_study(path).calibrate.kind == "cycles"


def test_two_setups_of_one_name_cannot_be_told_apart(tmp_path):
    assert "['arm'] twice" in refused(write_study(tmp_path, setups=["arm.toml", "b/arm.toml"]))


@pytest.mark.parametrize("text", ["title = ", "\x00"])
def test_what_is_no_toml_is_told(tmp_path, text):
    path = tmp_path / "study.toml"
    path.write_text(text)
    assert "is not a TOML file" in refused(path)
    assert "cannot be read" in refused(tmp_path / "none.toml")


def test_the_manual_has_every_key():
    text = (ROOT / "docs" / "cohort.md").read_text()
    for name, field in Study.model_fields.items():
        section = field.annotation
        keys = getattr(section, "model_fields", None)
        for key in [f"{name}.{key}" for key in keys] if keys else [name]:
            assert re.search(rf"^\| `{re.escape(key)}` \|", text, re.MULTILINE), key
