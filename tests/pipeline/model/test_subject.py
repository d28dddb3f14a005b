import json
from dataclasses import replace

import numpy as np
import pytest
from curve_sets import CHOICES, sampled_of
from muscle_draws import person

from pipeline.errors import UserError
from pipeline.model.curve_choice import CurveChoice
from pipeline.model.subject import CALIBRATED, load_subject


@pytest.fixture
def written(tmp_path):
    file = tmp_path / "subject.json"
    person().save(file)
    return file


def test_a_subject_goes_to_a_file_and_back(written):
    back = load_subject(written)
    assert back.muscles == person().muscles
    for name in CALIBRATED:
        np.testing.assert_array_equal(getattr(back, name), getattr(person(), name))


def test_curves_and_tendons_go_to_a_file_and_back(tmp_path):
    file, rigid = tmp_path / "subject.json", frozenset({"b", "d"})
    for curves in (*CHOICES.values(), sampled_of(4)):
        replace(person(), curves=curves, rigid_tendon=rigid).save(file)
        back = load_subject(file)
        assert back.curves == curves
        assert back.rigid == (False, True, False, True)


def test_a_file_of_before_there_was_a_choice_means_the_first_set_on_elastic_tendons(written):
    content = json.loads(written.read_text())
    assert content.pop("curves") == "degroote2016"
    written.write_text(json.dumps(content))
    assert load_subject(written).curves == CurveChoice("degroote2016")
    assert load_subject(written).rigid == (False,) * 4


def test_curves_and_tendons_go_with_their_muscles():
    subject = replace(person(), curves=sampled_of(4), rigid_tendon=frozenset({"b"}))
    turned = subject.in_order(("d", "b", "a", "c"))
    assert turned.rigid == (False, True, False, False)
    one, other = dict(subject.curves.points), dict(turned.curves.points)
    own = one["passiveForceLength"]
    assert other["passiveForceLength"] == (own[3], own[1], own[0], own[2])
    assert other["forceVelocity"] == one["forceVelocity"]
    assert turned.in_order(subject.muscles).content() == subject.content()
    assert subject.with_muscles(("c", "a")).rigid_tendon == frozenset()


def test_values_are_replaced_by_name():
    strong = person().with_values({"strength": np.full(4, 2.0)})
    assert strong.values()["strength"].tolist() == [2.0] * 4
    np.testing.assert_array_equal(strong.c1, person().c1)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"optimal_fibre_length": [0.05, -0.1, 0.15, 0.08]}, "optimal_fibre_length of b"),
        ({"strength": [1.0, 1.0]}, "4 finite numbers in 'strength'"),
        ({"c1": [None, 0.0, 0.0, 0.0]}, "c1"),
        ({"format": "something else"}, "not a subject"),
        ({"colour": [1.0] * 4}, "colour"),
        ({"bones": [1.0] * 4}, "bones"),
        ({"trusted": "yes"}, "trusted must be true or false, got 'yes'"),
        ({"curves": "huxley1957"}, "curves must be one of degroote2016, .* got 'huxley1957'"),
        ({"curves": {"set": "sampled", "forceVelocity": []}}, "one object or 4"),
        ({"rigid_tendon": [True]}, "rigid_tendon must be true or false for each muscle"),
        ({"rigid_tendon": ["a", "b", "c", "d"]}, "rigid_tendon must be true or false"),
    ],
)
def test_an_impossible_subject_is_one_sentence(written, change, sentence):
    content = json.loads(written.read_text())
    written.write_text(json.dumps({**content, **change}))
    with pytest.raises(UserError, match=sentence):
        load_subject(written)


def test_what_is_no_subject_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        load_subject(tmp_path / "absent.json")
    file = tmp_path / "subject.json"
    for text, sentence in (("not json", "not JSON"), ("[1]", "not a subject")):
        file.write_text(text)
        with pytest.raises(UserError, match=sentence):
            load_subject(file)
