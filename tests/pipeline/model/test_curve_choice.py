import json

import pytest
from curve_sets import CHOICES, sampled_of

from pipeline.errors import UserError
from pipeline.model.curve_choice import CurveChoice, Points, load_curves

POINTS = {"x": [0.5, 1.0, 1.5], "y": [0.0, 0.5, 1.0]}


@pytest.mark.parametrize("choice", [*CHOICES.values(), sampled_of(3)])
def test_what_is_written_is_what_is_read(choice):
    assert CurveChoice.of(json.loads(json.dumps(choice.content())), 3) == choice


def test_settings_may_follow_a_name():
    choice = CurveChoice.of("millard2013, tendon_strain=0.05,plateau=1.3")
    assert dict(choice.settings) == {"tendon_strain": 0.05, "plateau": 1.3}
    assert str(choice) == "millard2013,plateau=1.3,tendon_strain=0.05"
    assert CurveChoice.of(str(choice)) == choice


def test_points_alike_for_all_muscles_are_kept_once():
    content = {"set": "sampled", "passiveForceLength": [POINTS, POINTS]}
    points = Points((0.5, 1.0, 1.5), (0.0, 0.5, 1.0))
    assert CurveChoice.of(content, 2).points == (("passiveForceLength", (points,)),)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (3, "a name or an object with 'set', got 3"),
        ("hill1938", "must be one of degroote2016, millard2013, thelen2003, sampled"),
        ("degroote2016,plateau", "write 'plateau' of the curves as name=number"),
        ("degroote2016,plateau=9", "plateau of the curves degroote2016 must lie in 1.1..2.0"),
        ({"set": "thelen2003", "plateau": True}, "plateau of the curves thelen2003"),
        ({"set": "millard2013", "colour": 1.0}, "to be set, not 'colour'"),
        ("sampled", "need points of one of activeForceLength"),
        ({"set": "sampled", "pennation": POINTS}, "not 'pennation'"),
        ({"set": "sampled", "forceVelocity": [POINTS]}, "must be one object with x and y"),
        ({"set": "sampled", "forceVelocity": {"x": [1, 2, 3]}}, "an object with x and y"),
        ({"set": "sampled", "forceVelocity": {**POINTS, "x": [1, 2]}}, "a list of 3 to 1000"),
        ({"set": "sampled", "forceVelocity": {**POINTS, "x": [1, 2, 3, 4]}}, "4 x and 3 y"),
        ({"set": "sampled", "forceVelocity": {**POINTS, "x": [1, 1, 2]}}, "x of forceVelocity"),
        ({"set": "sampled", "forceVelocity": {**POINTS, "y": [0, 2, 1]}}, "must not fall"),
        ({"set": "sampled", "activeForceLength": {**POINTS, "y": [0, -1, 0]}}, "below zero"),
        ({"set": "sampled", "activeForceLength": {**POINTS, "y": [0, 0, 0]}}, "not be zero"),
        ({"set": "sampled", "activeForceLength": {**POINTS, "y": [0, 1e9, 0]}}, "up to 100"),
        ({"set": "sampled", "activeForceLength": {**POINTS, "y": [0, "1", 0]}}, "got '1'"),
    ],
)
def test_what_is_no_choice_is_one_sentence(tmp_path, content, sentence):
    with pytest.raises(ValueError, match=sentence):
        CurveChoice.of(content)
    file = tmp_path / "curves.json"
    file.write_text(json.dumps(content))
    with pytest.raises(UserError, match="curves.json' are not valid: .*" + sentence):
        load_curves(file)


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match="cannot be read: No such file"):
        load_curves(tmp_path / "absent.json")
