"""The command's options, as a person uses them."""

import json

import numpy as np
import pytest

from daemon.assembly.subject import generic_subject
from daemon.config import load_config
from pipeline.geometry import load_model

SUBJECT_LINE = {"[model]\n": '[model]\nsubject = "person.json"\n'}


@pytest.fixture
def recording(hillstream, tmp_path):
    file = tmp_path / "arm.npz"
    assert hillstream("simulate", "--record", file, "--seconds", "2").exit_code == 0
    return file


@pytest.fixture
def me(tmp_path):
    """A person whose muscles are stronger than the model's."""
    generic = generic_subject(load_model(load_config("arm").model.file))
    path = tmp_path / "me.json"
    generic.with_values({"strength": np.full(len(generic.muscles), 1.3)}).save(path)
    return path


@pytest.fixture
def scored(hillstream, recording, tmp_path):
    """Score the recording with some arguments."""

    def run(config, *arguments):
        file = tmp_path / "score.json"
        result = hillstream("score", config, recording, *arguments, "--json", file)
        assert result.exit_code == 0, result.output
        return json.loads(file.read_text()), result.output

    return run


def test_a_loaded_subject_is_measured_without_learning(scored, me, changed_config):
    without, _ = scored("arm", "--freeze-after", 0)
    found, output = scored("arm", "--freeze-after", 0, "--start", me)
    me.rename(me.with_name("person.json"))
    configured, _ = scored(changed_config("arm", SUBJECT_LINE), "--freeze-after", 0)
    assert found["updates"] == {}
    assert found["rmse_overall"] == configured["rmse_overall"] != without["rmse_overall"]
    assert found["rmse_overall_uncalibrated"] == without["rmse_overall_uncalibrated"]
    assert "frozen, after 0 s" in output
    for key in ("rmse_after_freeze", "rmse_after_freeze_uncalibrated", "rmse_after_freeze_of_mean"):
        assert all(f"{error:.2f}" in output for error in found[key].values())


def test_the_option_wins_over_the_configuration(scored, me, changed_config):
    named, _ = scored(changed_config("arm", SUBJECT_LINE), "--freeze-after", 0, "--start", me)
    assert (
        named["rmse_overall"]
        == scored("arm", "--freeze-after", 0, "--start", me)[0]["rmse_overall"]
    )


@pytest.mark.parametrize("content", [None, "{}", "muscles of another model"])
def test_a_wrong_subject_is_refused_in_the_words_of_the_configuration(
    hillstream, recording, changed_config, tmp_path, content
):
    path = tmp_path / "person.json"
    if content == "{}":
        path.write_text(content)
    elif content is not None:
        generic_subject(load_model(load_config("walking").model.file)).save(path)
    by_option = hillstream("score", "arm", recording, "--start", path)
    by_key = hillstream("score", changed_config("arm", SUBJECT_LINE), recording)
    assert by_option.exit_code == by_key.exit_code == 2
    assert "with the subject" in by_option.output
    assert by_option.output.splitlines()[1:] == by_key.output.splitlines()[1:] != []


def test_a_freeze_beyond_the_end_is_refused(hillstream, recording):
    result = hillstream("score", "arm", recording, "--freeze-after", 60)
    assert result.exit_code == 2
    assert "lasts 2.0 s" in result.output
