from dataclasses import replace

import numpy as np
import pytest

from daemon.assembly.pipeline import build_pipeline
from daemon.assembly.subject import generic_subject, starting_subject
from daemon.config import load_config
from pipeline.errors import UserError
from pipeline.geometry import load_model
from pipeline.model.subject import CALIBRATED

ARM = load_model(load_config("arm").model.file)
SUBJECT_LINE = {"[model]\n": '[model]\nsubject = "person.json"\n'}


@pytest.fixture
def person():
    """A person in the model's order, with no two muscles alike."""
    each = 1.0 + np.arange(len(ARM.muscles)) / 100.0
    generic = generic_subject(ARM)
    return generic.with_values({name: v * each for name, v in generic.values().items()})


def shuffled(person):
    order = np.random.default_rng(3).permutation(len(person.muscles))
    muscles = tuple(person.muscles[i] for i in order)
    arrays = {k: v[order] for k, v in vars(person).items() if isinstance(v, np.ndarray)}
    return replace(person, muscles=muscles, **arrays)


def test_a_subject_in_another_order_starts_with_the_same_parameters(
    changed_config, tmp_path, person
):
    config = load_config(changed_config("arm", SUBJECT_LINE))
    shuffled(person).save(tmp_path / "person.json")
    start = starting_subject(config, ARM)
    assert start.muscles == ARM.muscle_names
    assert start.content() == person.content()
    for name in CALIBRATED:
        assert len(set(start.values()[name])) == len(ARM.muscles)
    build_pipeline(config, start)


def test_check_takes_a_subject_in_another_order(hillstream, changed_config, tmp_path, person):
    shuffled(person).save(tmp_path / "person.json")
    result = hillstream("check", changed_config("arm", SUBJECT_LINE))
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("change", ["one too few", "one twice"])
def test_check_and_run_refuse_other_muscles_in_the_same_words(
    hillstream, changed_config, tmp_path, person, change
):
    kept = [0, *range(len(ARM.muscles))] if change == "one twice" else range(1, len(ARM.muscles))
    arrays = {k: v[list(kept)] for k, v in vars(person).items() if isinstance(v, np.ndarray)}
    muscles = tuple(person.muscles[i] for i in kept)
    replace(person, muscles=muscles, **arrays).save(tmp_path / "person.json")
    path = changed_config("arm", SUBJECT_LINE)
    with pytest.raises(UserError, match="the subject that belongs to the model") as refused:
        starting_subject(load_config(path), ARM)
    result = hillstream("check", path)
    assert result.exit_code == 2
    assert str(refused.value) in " ".join(result.output.split())
