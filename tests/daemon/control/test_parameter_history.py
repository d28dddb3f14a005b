"""What is kept of the parameter sets, and what is written down of them."""

import tomllib
from dataclasses import replace

import numpy as np
import pytest

from daemon.config import EnvelopeConfig
from daemon.control.parameter_history import Versions
from daemon.control.saving import write_person
from pipeline.errors import UserError
from pipeline.model.subject import Subject, load_subject

LEVELS = {"mvc": {'so"leus': 2.5e-4, "tib": 1.0}, "baseline": {'so"leus': 0.02, "tib": 0.0}}


def person(strength: float = 1.0) -> Subject:
    some = np.array([0.1, 0.2])
    muscles = ("soleus", "tib_ant")
    return Subject.generic(muscles, 1e4 * some, some, some, some, 1e2 * some).with_values(
        {"strength": np.full(2, strength)}
    )


def test_every_version_is_kept_as_it_was():
    versions = Versions(person())
    for version in (1, 2, 3):
        versions.add(version, person(1.0 + version))
    assert [versions.subject(v).strength[0] for v in (0, 1, 2, 3)] == [1.0, 2.0, 3.0, 4.0]
    assert versions.newest == 3
    assert versions.known == "0..3"
    assert 4 not in versions


def test_of_too_many_versions_the_oldest_go_but_not_the_first():
    versions = Versions(person(), capacity=2)
    for version in (1, 2, 3):
        versions.add(version, person(1.0 + version))
    assert [version in versions for version in (0, 1, 2, 3)] == [True, False, True, True]
    assert versions.known == "0 and 2..3"
    with pytest.raises(KeyError):
        versions.subject(1)


@pytest.mark.parametrize("baseline", [LEVELS["baseline"], "tracked", "none", {}])
def test_a_saved_person_can_be_read_back_and_so_can_its_levels(tmp_path, baseline):
    data = {"version": 7, "subject": person(1.3).content(), **LEVELS, "baseline": baseline}
    written = write_person(data, tmp_path / "me.json")
    assert load_subject(written.subject).strength.tolist() == [1.3, 1.3]
    told = tomllib.loads(written.levels.read_text())
    assert told["model"]["subject"] == "me.json"
    assert written.skeleton is None
    assert "skeleton" not in told
    envelope = EnvelopeConfig.model_validate(told["envelope"])
    assert (envelope.mvc, envelope.baseline) == (LEVELS["mvc"], baseline)


@pytest.mark.parametrize("there", ["me.json", "me.levels.toml"])
def test_what_is_there_is_written_over_only_on_request(tmp_path, there):
    data = {"version": 7, "subject": person(1.3).content(), **LEVELS}
    (tmp_path / there).write_text("of yesterday")
    with pytest.raises(UserError, match=f"{there} would be overwritten; give another file"):
        write_person(data, tmp_path / "me.json")
    assert [path.name for path in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "of yesterday"
    written = write_person(data, tmp_path / "me.json", overwrite=True)
    assert load_subject(written.subject).strength.tolist() == [1.3, 1.3]


@pytest.mark.parametrize("trusted", [True, False])
def test_a_saved_person_says_whether_it_was_shown_to_fit(tmp_path, trusted):
    content = replace(person(1.3), trusted=trusted).content()
    assert ("trusted" in content) is not trusted
    written = write_person({"version": 7, "subject": content, **LEVELS}, tmp_path / "me.json")
    assert load_subject(written.subject).trusted is trusted


def test_a_folder_that_does_not_exist_is_told(tmp_path):
    data = {"version": 0, "subject": person().content(), **LEVELS}
    with pytest.raises(UserError, match="cannot be written"):
        write_person(data, tmp_path / "no" / "me.json")
