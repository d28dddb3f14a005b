"""A person out of a session: as the calibrator put them in force."""

import json
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from daemon.assembly.model import model_in_use
from daemon.assembly.subject import starting_subject
from daemon.subjects.recorded import recorded_person
from pipeline.errors import UserError
from pipeline.model.subject import load_subject


def same(found, expected):
    assert found.muscles == expected.muscles
    for name, value in vars(expected).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(getattr(found, name), value, err_msg=name)
    assert found.delay_s == expected.delay_s
    assert found.curves == expected.curves


def test_the_last_set_is_the_one_in_force_at_the_end(week):
    last = week.monday.adopted[-1]
    found = recorded_person(week.monday.path)
    assert found.version == last.version
    same(found.subject, last.subject)
    assert found.subject.trusted


def test_every_version_can_be_had_and_the_start_is_version_zero(week):
    first = week.monday.adopted[0]
    same(recorded_person(week.monday.path, first.version).subject, first.subject)
    config = week.monday.config
    start = recorded_person(week.monday.path, 0)
    same(start.subject, starting_subject(config, model_in_use(config)))
    assert not start.subject.trusted  # a generic person is nobody in particular


def test_a_version_that_is_not_there_is_said_with_the_last_one(week):
    last = week.monday.adopted[-1].version
    with pytest.raises(UserError, match=rf"no parameter set of version 999; its last is {last}"):
        recorded_person(week.monday.path, 999)


def test_a_set_that_never_fitted_is_not_trusted(week, tmp_path):
    path = tmp_path / "poor.db"
    path.write_bytes(week.monday.path.read_bytes())
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE candidate SET error_before = 1.9, error_after = 1.8")
    assert not recorded_person(path).subject.trusted


def test_what_cannot_be_put_together_again_is_said(week, tmp_path):
    path = tmp_path / "moved.db"
    path.write_bytes(week.monday.path.read_bytes())
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "UPDATE session SET value = replace(value, 'arm.json', 'gone.json') "
            "WHERE key = 'config'"
        )
    with pytest.raises(UserError, match=r"started from cannot be put together again: .*gone\.json"):
        recorded_person(path)


def test_the_command_writes_what_a_run_can_start_from(week, hillstream, tmp_path):
    file = tmp_path / "me.json"
    result = hillstream("export", week.monday.path, "--subject", file)
    assert result.exit_code == 0, result.output
    last = week.monday.adopted[-1]
    assert f"Parameter set {last.version} of monday.db is in {file}" in result.output
    same(load_subject(file), last.subject)
    assert json.loads(file.read_text())["format"] == "hillstream-subject/1"
    again = hillstream("export", week.monday.path, "--subject", file)
    assert again.exit_code == 2
    assert "would be overwritten" in again.output
    lost = hillstream("export", week.monday.path, "--version", "1")
    assert lost.exit_code == 2
    assert "give --subject FILE" in lost.output
