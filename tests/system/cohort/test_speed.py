"""A cohort and a loop over its people, on real processes."""

import json

import pytest
from click.testing import CliRunner

from pipeline.errors import UserError
from tools.studies import cohort_speed

pytestmark = pytest.mark.timeout(600)


def test_two_people_come_to_the_same_in_both_ways(tmp_path):
    file = tmp_path / "speed.json"
    done = CliRunner().invoke(cohort_speed.main, ["--people", "2", "--json", str(file)])
    assert done.exit_code == 0, done.output
    told = json.loads(file.read_text())
    assert told["people"] == 2
    assert told["parameters"] > 100
    assert told["largest"] < 0.05


def test_a_command_that_fails_is_told(tmp_path):
    with pytest.raises(UserError, match=r"(?s)'hillstream cohort' failed.*nowhere"):
        cohort_speed._run("cohort", tmp_path / "nowhere.toml")
