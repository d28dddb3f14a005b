"""The report: everything a session holds, on a page that needs no other file."""

import base64
import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from daemon.commands.sessions.report import report
from daemon.report.fatigue import assess
from daemon.report.material import load
from daemon.report.summary import summary
from daemon.report.verdict import Kind
from pipeline.errors import UserError

MakeSession = Callable[..., Path]


def test_a_session_is_read_as_courses_over_time(make_session: MakeSession) -> None:
    material = load(make_session())
    assert (material.title, material.seconds) == ("Simulated arm", 199.0)
    assert material.updates == {"ok": 133, "rejected": 67}
    assert material.accepted == 133
    assert material.refused == {"worse": 67}
    assert "Candidates it refused: 67 that did worse." in summary(material, [])
    strength = material.estimates["strength"]["BRA"]
    assert strength.value.max() < 2.0  # nothing that was rejected
    assert strength.t[:2] == pytest.approx([1.0, 2.0])
    assert [tuple(event) for event in material.events] == [
        (50.0, "emg", "Gone."),
        (60.0, "mark", "lifts <a> box"),
        (70.0, "command", "rollback 7 (refused: no)"),
        (80.0, "command", "save (Parameter set 7 was handed over to be written.)"),
    ]
    assert material.streams["emg"].received[-1] == 199_000
    assert material.new_mvc("DELT1") == []
    (new,) = material.new_mvc("BRA")
    assert new == (90.0, "BRA", pytest.approx(0.35))


def test_an_older_session_tells_no_reasons(make_session: MakeSession) -> None:
    path = make_session(30)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("ALTER TABLE candidate DROP COLUMN reason")
    material = load(path)
    assert material.refused == {}
    assert not any("refused" in sentence for sentence in summary(material, []))


def test_shares_are_read_where_moments_are_shown_and_drawn_upon_each_other(
    make_session: MakeSession,
) -> None:
    pytest.importorskip("matplotlib", reason="a report needs the extra 'report'")
    from daemon.report.shares import shares

    material = load(make_session())
    assert {dof: set(found) for dof, found in material.shares.items()} == {
        "elbow_flexion": {"DELT1", "BRA"}
    }
    delt = material.shares["elbow_flexion"]["DELT1"]
    shown = [(1.0, 7.0), (97.0, 103.0), (193.0, 199.0)]
    inside = [(low <= delt.t + 1e-6) & (delt.t - 1e-6 <= high) for low, high in shown]
    assert sum(mask.sum() for mask in inside) == len(delt.t)
    figure = shares(material)
    assert figure is not None
    for axis, mask in zip(figure.axes, inside, strict=True):
        (total,) = (line for line in axis.lines if line.get_label() == "sum")
        drawn = len(total.get_ydata())
        assert drawn >= 20 * 6
        np.testing.assert_allclose(total.get_ydata(), delt.moment[mask][:drawn] - 1.0)
    labels = [text.get_text() for text in figure.axes[-1].get_legend().get_texts()]
    assert labels == ["deltoid, anterior", "brachialis", "sum"]


@pytest.mark.parametrize("change", ["DROP TABLE muscle_moment", "DELETE FROM muscle_moment"])
def test_a_session_without_shares_has_all_the_rest(make_session: MakeSession, change: str) -> None:
    pytest.importorskip("matplotlib", reason="a report needs the extra 'report'")
    from daemon.report.shares import shares

    path = make_session(30)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(change)
    material = load(path)
    assert shares(material) is None
    assert material.moments


def test_the_muscle_that_tired_is_named(make_session: MakeSession) -> None:
    verdicts = {v.muscle: v.kind for v in assess(load(make_session()))}
    assert verdicts == {"DELT1": Kind.FATIGUE, "BRA": Kind.STABLE}


def test_the_page_stands_on_its_own(make_session: MakeSession, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="a report needs the extra 'report'")
    pytest.importorskip("jinja2", reason="a report needs the extra 'report'")
    figures, out = tmp_path / "figures", tmp_path / "out.json"
    arguments = [str(make_session()), "--png", str(figures), "--json", str(out)]
    result = CliRunner().invoke(report, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    html = (tmp_path / "monday.html").read_text(encoding="utf-8")
    assert "Muscles with the signs of fatigue: deltoid, anterior." in html
    drift = base64.b64decode(re.findall(r'base64,([^"]+)', html)[0]).decode()
    assert "MVC 35% of before" in drift
    assert "brachialis" in drift
    assert "lifts &lt;a&gt; box" in html
    assert "Samples were lost or refused in emg." in html
    addresses = re.findall(r'(?:src|href)="([^"]{0,20})', html)
    assert addresses
    assert all(address.startswith("data:image/") for address in addresses)
    pictures = sorted(path.stem for path in figures.iterdir())
    assert pictures == ["drift", "emg", "error", "moments", "shares", "streams", "strength"]
    assert json.loads(out.read_text())["verdicts"][0]["kind"] == Kind.FATIGUE


@pytest.mark.parametrize("seconds", [0, 1, 30])
def test_a_session_that_has_hardly_begun_is_told_too(
    make_session: MakeSession, seconds: int, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib", reason="a report needs the extra 'report'")
    pytest.importorskip("jinja2", reason="a report needs the extra 'report'")
    result = CliRunner().invoke(report, [str(make_session(seconds))], catch_exceptions=False)
    assert result.exit_code == 0
    words = "Muscles with the signs of fatigue: none." if seconds > 20 else "since it is older"
    assert words in (tmp_path / "monday.html").read_text("utf-8")


def test_an_older_session_says_so_instead_of_a_verdict(make_session: MakeSession) -> None:
    path = make_session(30)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DROP TABLE drift_statistics")
    result = CliRunner().invoke(report, [str(path)], catch_exceptions=False)
    assert result.exit_code == 0
    assert "Nothing is said of fatigue" in result.output


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE drift_statistics SET statistics = x'00' WHERE rowid = 3",
        "UPDATE drift_statistics SET muscles = '[1, 2, 3, 4, 5]'",
        "UPDATE drift_statistics SET t = 9e999 WHERE rowid = 3",
    ],
)
def test_odd_statistics_are_refused(make_session: MakeSession, change: str) -> None:
    path = make_session(30)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(change)
    with pytest.raises(UserError, match="holds what no session does"):
        load(path)


def test_what_is_no_session_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no session"):
        load(tmp_path / "tuesday.db")
    other = tmp_path / "other.db"
    other.write_text("hello, this is certainly not a database of any kind at all" * 20)
    with pytest.raises(UserError, match="is not a session of hillstream"):
        load(other)


def test_a_time_that_is_not_finite_is_refused(make_session: MakeSession) -> None:
    path = make_session(30)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE residual SET t = -9e999 WHERE rowid = 1")
    with pytest.raises(UserError, match="a time that is not finite"):
        load(path)


MUSCLES = st.lists(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), max_size=7, unique=True)


@given(st.lists(MUSCLES, max_size=4))
def test_a_muscle_has_one_colour_and_two_of_a_joint_never_the_same(joints: list[list[str]]) -> None:
    pytest.importorskip("matplotlib", reason="a report needs the extra 'report'")
    from daemon.report.shares import colours_of

    found = colours_of(joints)
    for names, colours in zip(joints, found, strict=True):
        assert set(colours) == set(names)
        assert len(set(colours.values())) == len(names)
    if len(set().union(*joints)) <= 14:
        colours = [(name, colour) for joint in found for name, colour in joint.items()]
        assert len(dict(colours)) == len(set(colours))
