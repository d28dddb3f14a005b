"""The study of published deviations."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from pipeline.live import Paired
from pipeline.timebase.rows import PairedRows
from tools.studies import deviations
from tools.studies.deviations import Counted

RUN = {
    "name": "person 3",
    "dofs": ["knee", "ankle"],
    "claimed": np.array([0.8, np.nan]),
    "published": np.array([0.951, np.nan]),
}


def paired(t, error, claimed, published, valid=True):
    t = np.array(t)
    column = np.ones((len(t), 1))
    rows = PairedRows(t, column, column, column, 0 * column, np.full(len(t), valid), column > 0)
    error = np.array(error)[:, None]
    return Paired(rows, error, published * column, claimed * column)


def test_rows_count_once_the_run_has_settled_and_where_they_are_valid():
    course = Counted()
    course.pair(paired([100.0, 109.9], [9.0, 9.0], 1.0, 1.0))
    course.pair(paired([110.0, 111.0, 112.0, 113.0], [1.9, -2.1, 3.0, -4.1], 1.0, 2.0))
    course.pair(paired([114.0], [9.0], 1.0, 1.0, valid=False))
    claimed, published = course.inside()
    assert claimed == [0.25]
    assert published == [0.75]


def test_a_deviation_that_is_not_known_is_not_counted():
    course = Counted()
    course.pair(paired([0.0, 11.0, 12.0], [0.0, 1.0, 1.0], np.nan, np.nan))
    assert np.isnan(course.inside()).all()


@pytest.mark.parametrize("kind", [[], ["--markdown"]])
def test_the_command_prints_a_row_for_each_joint(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(deviations, "runs", lambda *_: [RUN])
    file = tmp_path / "deviations.json"
    outcome = CliRunner().invoke(deviations.main, [*kind, "--people", "1", "--json", str(file)])
    assert outcome.exit_code == 0, outcome.output
    assert "95.1" in outcome.output
    assert "80.0" in outcome.output
    content = json.loads(file.read_text(encoding="utf-8"))
    assert content["runs"][0]["published"] == [0.951, None]
