"""Recorded sessions over HTTP: the list, facts, pages, downloads, and what is refused."""

import base64
import csv
import hashlib
import io
import json
import re
import sqlite3
import zipfile
from contextlib import closing

import pytest

from daemon.config import load_config
from daemon.session import schema
from daemon.session.export import export
from daemon.session.log import SessionLog, about
from pipeline.model.subject import load_subject


@pytest.fixture
def mixed(week, tmp_path):
    """Return a folder with two sessions, a damaged one, a foreign file and a link out of it."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    for scored in (week.monday, week.friday):
        (folder / scored.path.name).write_bytes(scored.path.read_bytes())
    content = bytearray(week.monday.path.read_bytes())
    content[4096:] = b"\xaa" * (len(content) - 4096)
    (folder / "damaged.db").write_bytes(content)
    (folder / "foreign.db").write_text("no database at all " * 100)
    (folder / "away.db").symlink_to(week.monday.path)
    (tmp_path / "outside.db").write_bytes(week.monday.path.read_bytes())
    return folder


def rows_of(client, search=""):
    answer = client.get("/sessions", params={"search": search})
    assert answer.status_code == 200
    return {row["name"]: row for row in answer.json()["sessions"]}


def test_the_list_tells_of_sessions_and_of_what_is_none(browser, mixed, week):
    before = {path: path.stat().st_mtime_ns for path in mixed.iterdir()}
    rows = rows_of(browser(mixed))
    assert set(rows) == {"monday", "friday", "damaged", "foreign"}
    monday = rows["monday"]
    assert monday["ok"]
    assert (monday["title"], monday["joints"]) == ("Two joints", ["shoulder", "elbow"])
    assert monday["muscles"] == list(week.monday.adopted[-1].subject.muscles)
    assert monday["marks"] == ["first try"]
    assert 2.0 < monday["seconds"] < 5.0
    assert not monday["being_written"]
    for name, said in (("damaged", "damaged"), ("foreign", "not a session of hillstream")):
        assert not rows[name]["ok"]
        assert said in rows[name]["sentence"]
        assert str(mixed) not in rows[name]["sentence"]
    assert {path: path.stat().st_mtime_ns for path in mixed.iterdir()} == before


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("MONDAY", {"monday"}),
        ("after <b>", {"friday"}),
        ("two joints", {"monday", "friday"}),
        ("brachialis elbow", {"monday", "friday"}),
        ("biceps hip", set()),
        ("20", {"monday", "friday"}),
        ("foreign", {"foreign"}),
    ],
)
def test_a_search_goes_by_name_title_date_joint_muscle_and_mark(browser, mixed, search, found):
    assert set(rows_of(browser(mixed), search)) >= found
    if search != "20":
        assert set(rows_of(browser(mixed), search)) == found


def test_a_folder_that_is_not_there_has_no_sessions(browser, tmp_path):
    assert rows_of(browser(tmp_path / "none")) == {}
    assert not (tmp_path / "none").exists()


def test_facts_of_a_session(browser, week):
    facts = browser(week.folder).get("/sessions/monday").json()
    assert facts["started"].startswith("20")
    assert facts["updates"]["tried"] == len(week.monday.updates)
    assert facts["updates"]["accepted"] == len(week.monday.adopted)
    assert facts["version"] == week.monday.adopted[-1].version
    assert [mark["text"] for mark in facts["marks"]] == ["first try"]
    assert "Nothing is said of fatigue" in facts["verdict"]
    for dof in ("shoulder", "elbow"):
        assert facts["rmse"][dof]["first_minute"] > 0
        assert facts["rmse"][dof]["last_minute"] > 0


def test_a_report_may_use_its_own_style_and_nothing_else(browser, week):
    pytest.importorskip("matplotlib", reason="a report needs the extra 'report'")
    answer = browser(week.folder).get("/sessions/friday/report")
    assert answer.headers["content-type"].startswith("text/html")
    assert "after &lt;b&gt;" in answer.text
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert "script" not in policy
    assert "style=" not in answer.text.replace(style[0], "")


def test_two_sessions_are_compared(browser, week):
    told = browser(week.folder).get("/comparison?a=monday&b=friday").json()
    assert ["Duration, m:ss", *told["rows"]["sessions"][0][1:]] == told["rows"]["sessions"][0]
    assert any(row[0].startswith("MVC") for row in told["rows"]["channels"])
    assert (told["a"]["name"], told["b"]["name"]) == ("monday", "friday")
    assert {one["muscle"] for one in told["differences"]} >= {"biceps", "triceps"}
    assert browser(week.folder).get("/comparison?a=monday").status_code == 400


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_tables_come_in_an_archive(browser, week, tmp_path, kind):
    if kind == "parquet":
        pytest.importorskip("pyarrow", reason="Parquet needs the extra 'parquet'")
    answer = browser(week.folder).get(f"/sessions/monday/download/{kind}")
    assert answer.status_code == 200
    assert f"monday-{kind}.zip" in answer.headers["content-disposition"]
    assert int(answer.headers["content-length"]) == len(answer.content)
    exported = export(week.monday.path, tmp_path / "own", kind == "parquet", lambda done: None)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert sorted(packed.namelist()) == sorted(file.name for file in exported)
        for file in exported:
            assert packed.read(file.name) == file.read_bytes()
        if kind == "csv":
            marks = list(csv.reader(io.StringIO(packed.read("mark.csv").decode())))
            assert marks[1][1] == "first try"


def test_figures_come_as_pictures(browser, week):
    pytest.importorskip("matplotlib", reason="a report needs the extra 'report'")
    answer = browser(week.folder).get("/sessions/monday/download/figures")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert "moments.png" in packed.namelist()
        assert all(packed.read(name).startswith(b"\x89PNG") for name in packed.namelist())


def test_the_person_comes_as_a_subject_file(browser, week, tmp_path):
    client = browser(week.folder)
    for version in ("", f"?version={week.monday.adopted[0].version}"):
        answer = client.get(f"/sessions/monday/download/subject{version}")
        file = tmp_path / "me.json"
        file.write_bytes(answer.content)
        expected = week.monday.adopted[0 if version else -1].subject
        assert load_subject(file).strength.tolist() == expected.strength.tolist()
    assert client.get("/sessions/monday/download/subject?version=-1").status_code == 400
    none = client.get("/sessions/monday/download/subject?version=900")
    assert none.status_code == 409
    assert "no parameter set of version 900" in none.json()["sentence"]


@pytest.mark.parametrize(
    "path",
    [
        "/sessions/tuesday",
        "/sessions/..%2Foutside",
        "/sessions/..%2foutside/report",
        "/sessions/%2e%2e%2foutside/download/csv",
        "/sessions/away",
        "/sessions/monday.db",
        "/sessions/monday%00",
        "/comparison?a=monday&b=../outside",
        "/sessions/monday/download/config",
    ],
)
def test_no_name_leads_out_of_the_folder(browser, mixed, path):
    answer = browser(mixed).get(path)
    assert answer.status_code == 404


@pytest.mark.parametrize("what", ["", "/report", "/download/csv", "/download/subject"])
@pytest.mark.parametrize("name", ["damaged", "foreign"])
def test_what_is_wrong_with_a_file_is_said_wherever_it_is_asked_for(browser, mixed, name, what):
    answer = browser(mixed).get(f"/sessions/{name}{what}")
    assert answer.status_code == 409
    assert answer.json()["sentence"]
    assert str(mixed) not in answer.text


@pytest.mark.parametrize("path", ["/sessions", "/sessions/monday", "/sessions/monday/report"])
def test_who_may_not_read_is_told_so(browser, week, path):
    answer = browser(week.folder, address="10.0.0.9").get(path)
    assert answer.status_code == 401


def test_a_session_that_is_being_written_may_be_read(browser, tmp_path):
    folder = tmp_path / "sessions"
    with SessionLog(folder / "now.db", about(load_config("arm"), ("BRA",))) as log:
        client = browser(folder)
        for number in range(3):
            log.add("mark", 100.0 + number, f"mark {number}", None)
            log.commit()
            row = rows_of(client)["now"]
            assert row["being_written"]
            assert len(row["marks"]) == number + 1
            assert len(client.get("/sessions/now").json()["marks"]) == number + 1
    assert not rows_of(client)["now"]["being_written"]


def test_a_file_that_computes_for_ever_is_a_row_and_not_the_end(browser, tmp_path):
    folder = tmp_path / "sessions"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "trap.db")) as database:
        database.executescript(schema.statements())
        database.execute("DROP TABLE mark")
        database.execute(
            "CREATE VIEW mark AS WITH RECURSIVE n(t) AS (SELECT 1 UNION ALL SELECT t + 1 FROM n) "
            "SELECT t, 'x' AS text FROM n ORDER BY t DESC"
        )
        database.execute("INSERT INTO session VALUES ('title', ?)", (json.dumps("x"),))
        database.commit()
    row = rows_of(browser(folder))["trap"]
    assert not row["ok"]
    assert "mark" in row["sentence"]
