"""Two sessions beside each other: what changed, beyond what, and what cannot be told."""

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from daemon.config import load_config
from daemon.report.comparison import Comparison, compare
from daemon.report.comparison_table import channel_rows
from daemon.report.material import load

SPREAD = 0.1  # standard deviation of every strength in the made session
JOINT = 1.96 * np.hypot(SPREAD, SPREAD)


@pytest.fixture
def changed(make_session, tmp_path):
    """Compare the made session with itself after some SQL: ``changed("UPDATE ...")``."""

    def make(*statements: str) -> Comparison:
        before = make_session()
        after = tmp_path / "tuesday.db"
        after.write_bytes(before.read_bytes())
        with closing(sqlite3.connect(after)) as database, database:
            for statement in statements:
                database.execute(statement)
        return compare(load(before), load(after))

    return make


def of(found: Comparison, muscle: str):
    return next(one for one in found.differences if one.muscle == muscle)


@pytest.mark.parametrize(("by", "beyond"), [(0.99 * JOINT, False), (1.01 * JOINT, True)])
def test_a_parameter_has_changed_beyond_the_joint_interval(changed, by: float, beyond: bool):
    found = changed(f"UPDATE parameter SET value = value - {by} WHERE muscle = 'BRA'")
    brachialis = of(found, "BRA")
    assert brachialis.changed is beyond
    assert brachialis.interval == pytest.approx(JOINT)
    assert brachialis.b.value - brachialis.a.value == pytest.approx(-by)
    assert [one.muscle for one in found.changed] == (["BRA"] if beyond else [])


def test_the_last_adopted_value_counts_and_not_what_was_tried(changed):
    found = changed(
        "UPDATE parameter SET value = 77 WHERE candidate IN (SELECT id FROM candidate "
        "WHERE NOT accepted)"
    )
    assert not found.changed
    assert all(one.b.value < 3 for one in found.differences)


def test_changes_are_told_in_words_the_largest_first(changed):
    found = changed(
        "UPDATE parameter SET value = 0.5 * value WHERE muscle = 'BRA'",
        "UPDATE parameter SET value = 3 * value WHERE muscle = 'DELT1'",
    )
    first, second = (one.sentence for one in found.changed)
    assert re.match(r"Strength of deltoid, anterior rose by 200 % \(from 1\.\d+ to 3\.\d+", first)
    assert second.startswith("Strength of brachialis fell by 50 %")
    assert f"beyond ±{JOINT:.3f}" in second
    assert found.summary[0].startswith("2 of 2 parameters")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE parameter SET deviation = NULL", "was not worked out in the second session"),
        ("UPDATE parameter SET standing = 'at_bound'", "it stood at a bound in the second session"),
        ("UPDATE parameter SET standing = 'unobserved'", "said nothing of it in the second"),
        ("UPDATE parameter SET standing = 'known_with_another'", "known together with another "
         "parameter only in the second"),
        ("UPDATE parameter SET muscle = 'TRI' WHERE muscle = 'BRA'", "the first session has the "
         "muscles BRA"),
        ("UPDATE emg SET channel = 'extra' WHERE channel = 'BRA'", "Only the second session has "
         "the EMG channels extra"),
        ("DELETE FROM parameter", "has no parameters to compare"),
        ("UPDATE session SET value = replace(value, 'Simulated arm', 'Leg')", "'Simulated arm' and "
         "'Leg'"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_said(changed, statement: str, said: str):
    found = changed(statement)
    assert any(said in sentence for sentence in found.obstacles), found.obstacles
    if "parameter SET deviation" in statement or "standing" in statement:
        assert {one.changed for one in found.differences} == {None}
        assert found.summary == [
            "No parameter is known well enough in both sessions to be compared."
        ]


def test_a_session_without_an_adopted_update_says_nothing_of_its_muscles(changed):
    told = " ".join(changed("DELETE FROM parameter").obstacles)
    assert "without an adopted update" in told
    assert "has the muscles" not in told


def test_levels_frequencies_errors_and_mvc_stand_beside_each_other(changed):
    found = changed(
        "UPDATE emg SET amplitude_v = 2 * amplitude_v, median_hz = 0.8 * median_hz",
        "UPDATE residual SET rmse = 2 * rmse",
        "UPDATE mvc SET after = 0.4",
        "UPDATE candidate SET accepted = 0 WHERE id % 2 = 0",
    )
    before, after = found.a.emg["BRA"], found.b.emg["BRA"]
    assert after.amplitude_v == pytest.approx(2 * before.amplitude_v)
    assert after.median_hz == pytest.approx(0.8 * before.median_hz)
    assert (found.a.errors, found.b.errors) == ({"elbow_flexion": 0.5}, {"elbow_flexion": 1.0})
    assert found.b.mvc["BRA"] / found.a.mvc["BRA"] == pytest.approx(0.4 / 0.07)
    assert found.a.accepted_share == pytest.approx(133 / 200)
    assert found.b.accepted_share < found.a.accepted_share


HASHED = "INSERT INTO session VALUES ('model_sha256', '{}')"
MOVED = (
    "UPDATE session SET value = json_set(value, '$.model.file', '/elsewhere/{}') "
    "WHERE key = 'config'"
)


@pytest.fixture
def models(make_session, tmp_path):
    """Compare two sessions by what they know of their models: ``models(hash, hash, name)``."""

    def make(before: str, after: str, name: str) -> list[str]:
        paths = make_session(), tmp_path / "tuesday.db"
        paths[1].write_bytes(paths[0].read_bytes())
        for path, content in zip(paths, (before, after), strict=True):
            with closing(sqlite3.connect(path)) as database, database:
                if content:
                    database.execute(HASHED.format(content))
        with closing(sqlite3.connect(paths[1])) as database, database:
            database.execute(MOVED.format(name))
        return [one for one in compare(*map(load, paths)).obstacles if "odel" in one]

    return make


def test_a_model_that_lies_elsewhere_is_the_same_model(models):
    name = load_config("arm").model.file.name
    assert models("ab", "ab", name) == []


def test_another_model_of_the_same_name_is_another(models):
    name = load_config("arm").model.file.name
    (told,) = models("ab", "cd", name)
    assert told.startswith(f"The models differ ({load_config('arm').model.file}, /elsewhere/")


def test_of_an_older_session_only_the_model_s_name_is_compared(models):
    name = load_config("arm").model.file.name
    (told,) = models("", "cd", name)
    assert f"told from the file's name ({name}) only" in told


def test_an_older_session_with_another_model_s_name_differs(models):
    (told,) = models("", "cd", "leg.json")
    assert re.match(r"The models differ \(\S+, leg.json\)", told)


def test_mvc_has_the_unit_of_what_it_divides(changed):
    rows = [row for row in channel_rows(changed()) if row[0].startswith("MVC BRA")]
    assert [row[0] for row in rows] == ["MVC BRA, µV"]


def test_mvc_of_raw_emg_is_not_compared_with_that_of_envelopes(changed):
    ready = "UPDATE session SET value = json_set(value, '$.envelope.kind', 'envelope') "
    mixed = changed(ready + "WHERE key = 'config'")
    assert not [row for row in channel_rows(mixed) if row[0].startswith("MVC")]
    assert any("the MVC cannot be compared" in one for one in mixed.obstacles)


def test_scored_sessions_are_compared_by_what_was_in_force_last(week):
    found = compare(load(week.monday.path), load(week.friday.path))
    last = week.friday.adopted[-1].subject
    strength = next(d for d in found.differences if (d.name, d.muscle) == ("strength", "biceps"))
    assert strength.b.value == pytest.approx(last.strength[last.muscles.index("biceps")])
    assert set(found.a.errors) == set(found.b.errors) == {"shoulder", "elbow"}
    assert not compare(load(week.monday.path), load(week.monday.path)).changed


def test_the_command_prints_a_table_and_writes_a_page(week, hillstream, tmp_path: Path):
    pytest.importorskip("matplotlib", reason="a report needs the extra 'report'")
    pytest.importorskip("jinja2", reason="a report needs the extra 'report'")
    page, out = tmp_path / "week.html", tmp_path / "week.json"
    sessions = week.monday.path, week.friday.path
    result = hillstream("report", *sessions, "--out", page, "--json", out)
    assert result.exit_code == 0, result.output
    assert re.search(r"Strength of biceps\S* .* ±", result.output)
    assert f"A is {sessions[0]}, B is {sessions[1]}." in " ".join(result.output.split())
    assert re.search(r"^ +A +B +change", result.output, re.MULTILINE)
    assert re.search(r"^Duration, m:ss +\d+:\d\d +\d+:\d\d", result.output, re.MULTILINE)
    html = page.read_text(encoding="utf-8")
    addresses = re.findall(r'(?:src|href)="([^"]{0,20})', html)
    assert addresses
    assert all(address.startswith("data:image/") for address in addresses)
    assert "What changed" in html
    told = json.loads(out.read_text())
    assert told["a"]["name"] == "monday"
    assert {row[0] for row in told["rows"]["channels"]} == set(
        re.findall(r"<td>((?:Level|Median frequency|MVC) [^<]+)</td>", html)
    )
    assert len(told["changed"]) == sum(bool(one["changed"]) for one in told["differences"])
    assert not list(week.folder.glob("*.html"))


def test_a_session_is_not_compared_with_itself(week, hillstream):
    result = hillstream("report", week.monday.path, week.folder / "." / week.monday.path.name)
    assert result.exit_code == 2
    assert "is given twice" in result.output


def test_three_sessions_are_too_many(week, hillstream):
    result = hillstream("report", *3 * [week.monday.path])
    assert result.exit_code == 2
    assert "give one, or two to compare" in result.output
