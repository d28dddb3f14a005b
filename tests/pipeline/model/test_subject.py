import json

import numpy as np
import pytest
from muscle_draws import person

from pipeline.errors import UserError
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
