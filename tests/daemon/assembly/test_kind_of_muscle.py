"""Curves and tendons of a set-up and of a subject, and what they come to."""

import json
from dataclasses import replace

import numpy as np
import pytest
from curve_sets import CHOICES, sampled_of

from daemon.assembly.calibrator import build_calibrator
from daemon.assembly.pipeline import build_pipeline
from daemon.assembly.subject import generic_subject, prior_of, starting_subject
from daemon.config import load_config
from daemon.control.saving import write_person
from pipeline.errors import UserError
from pipeline.geometry import load_model
from pipeline.model.curve_choice import PUBLISHED
from pipeline.model.subject import load_subject

ARM = load_model(load_config("arm").model.file)


def lines(*more):
    return {"[model]\n": "\n".join(["[model]", *more, ""])}


def test_a_set_up_that_says_nothing_starts_with_the_default():
    start = starting_subject(load_config("arm"), ARM)
    assert start.curves == PUBLISHED
    assert not any(start.rigid)


def test_a_generic_person_has_the_curves_and_tendons_of_the_set_up(changed_config):
    told = lines('curves = "millard2013,plateau=1.5"', 'tendon = "rigid"')
    start = starting_subject(load_config(changed_config("arm", told)), ARM)
    assert str(start.curves) == "millard2013,plateau=1.5"
    assert all(start.rigid)


def test_curves_may_lie_in_a_file_beside_the_set_up(changed_config, tmp_path):
    path = changed_config("arm", lines('curves = "mine.json"'))
    content = CHOICES["sampled"].content()
    (path.parent / "mine.json").write_text(json.dumps(content))
    assert starting_subject(load_config(path), ARM).curves == CHOICES["sampled"]


def test_check_tells_of_curves_that_are_none(hillstream, changed_config):
    unknown = hillstream("check", changed_config("arm", lines('curves = "hill1938"')))
    assert unknown.exit_code == 2
    assert "hill1938" in unknown.output
    absent = hillstream("check", changed_config("arm", lines('curves = "absent.json"')))
    assert absent.exit_code == 2
    assert "absent.json' cannot be read" in " ".join(absent.output.split())


def test_a_subjects_own_kind_goes_through_calibrator_and_predictor(changed_config, tmp_path):
    """Also into what is believed before data, around which the calibrator searches."""
    rigid = frozenset(ARM.muscle_names[:2])
    curves = sampled_of(len(ARM.muscles))
    person = replace(generic_subject(ARM), curves=curves, rigid_tendon=rigid)
    person.save(tmp_path / "person.json")
    config = load_config(changed_config("arm", lines('subject = "person.json"')))
    start = starting_subject(config, ARM)
    assert (start.curves, start.rigid_tendon) == (curves, rigid)
    prior = prior_of(config, ARM, start)
    assert (prior.curves, prior.rigid_tendon) == (curves, rigid)
    space = build_calibrator(config, start).space
    found = space.subject(space.zeros())
    assert (found.curves, found.rigid_tendon) == (curves, rigid)
    rows = np.full((3, len(ARM.muscles)), 0.3), *_geometry(start)
    own, usual = (
        build_pipeline(config, one).predictor.predict(*rows).moment
        for one in (start, replace(start, curves=PUBLISHED, rigid_tendon=frozenset()))
    )
    assert np.isfinite(own).all()
    assert np.abs(own - usual).max() > 0.1


def _geometry(subject):
    length = subject.tendon_slack_length + 0.9 * subject.optimal_fibre_length
    arms = np.full((3, 4, len(subject.muscles)), 0.03)
    return np.tile(length, (3, 1)), arms


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('curves = "millard2013"', "model.curves is millard2013, but .* curves degroote2016"),
        ('tendon = "rigid"', "model.tendon is rigid, but .* 0 of 10 tendons rigid"),
    ],
)
def test_a_subject_of_another_kind_than_the_set_ups_is_refused(
    changed_config, tmp_path, line, sentence
):
    generic_subject(ARM).save(tmp_path / "person.json")
    config = load_config(changed_config("arm", lines(line, 'subject = "person.json"')))
    with pytest.raises(UserError, match=sentence):
        starting_subject(config, ARM)


def test_a_live_run_saves_the_kind_of_muscle_too(tmp_path):
    curves, rigid = sampled_of(len(ARM.muscles)), frozenset(ARM.muscle_names[3:5])
    subject = replace(generic_subject(ARM), curves=curves, rigid_tendon=rigid)
    reply = {"version": 3, "subject": subject.content(), "baseline": "none", "mvc": {}}
    written = write_person(json.loads(json.dumps(reply)), tmp_path / "me.json")
    assert load_subject(written.subject).content() == subject.content()
