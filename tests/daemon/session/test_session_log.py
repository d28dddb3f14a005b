"""The session log as a file: written, read, exported, and what happens when it cannot be."""

import csv
import hashlib
import logging
import sqlite3
from contextlib import closing

import numpy as np
import pytest
from drifting import session, steady

from daemon.config import load_config
from daemon.ipc.messages import UpdateMessage
from daemon.ipc.recorder_messages import MusclesTrace
from daemon.ipc.requests import Command, Reply, Request
from daemon.session import log as session_log
from daemon.session import schema
from daemon.session.export import export
from daemon.session.log import SessionLog, about, session_path
from daemon.session.reader import open_session
from daemon.session.recorder import recorder_of
from pipeline.drift.following import NOTHING, Followed, Loss
from pipeline.drift.statistics import Drift
from pipeline.errors import UserError
from pipeline.model.identifiability import Combination, Confidence, Identifiability, Joining
from pipeline.model.quantities import QUANTITIES
from pipeline.model.subject import CALIBRATED, Subject
from pipeline.output.message import Status, StatusMessage
from pipeline.update import Backtested, Reason, Result, Update

T0 = 5000.0


@pytest.fixture
def arm():
    return load_config("arm")


@pytest.fixture
def log(arm, tmp_path):
    with SessionLog(tmp_path / "session.db", about(arm, ("a", "b"))) as log:
        yield log


def rows(path, table):
    with open_session(path) as database:
        return database.execute(f"SELECT * FROM {table}").fetchall()


def test_a_session_says_what_it_is(arm, tmp_path):
    path = tmp_path / "deep" / "session.db"
    with SessionLog(path, about(arm, ("a", "b"))):
        said = dict(rows(path, "session"))
    assert said["title"] == arm.title
    assert said["muscles"] == '["a", "b"]'
    assert said["model_sha256"] == hashlib.sha256(arm.model.file.read_bytes()).hexdigest()
    assert "ended" not in said
    ended = dict(rows(path, "session"))
    assert ended["ended"] >= ended["started"]
    assert ended["lost_rows"] == "0"


def test_what_is_committed_can_be_read_while_writing_goes_on(log):
    log.add("mark", 1.0, "stairs", "Ann")
    assert rows(log.path, "mark") == []
    log.commit()
    log.add("mark", 2.0, "level", None)
    assert rows(log.path, "mark") == [(1.0, "stairs", "Ann")]


def test_what_is_known_together_is_kept_with_the_update(log, arm):
    pair = Combination("a:gain", "a:strength", Joining.PRODUCT, 1.1, 0.1)
    words = dict.fromkeys(CALIBRATED, (Identifiability.KNOWN_WITH_ANOTHER,) * 2)
    deviation = dict.fromkeys(CALIBRATED, np.full(2, 0.5))
    person = Subject.generic(("a", "b"), *np.ones((5, 2)))
    known = Confidence(deviation, words, (), (1.0,) * 4, combinations=(pair,))
    update = Update(Result.OK, "", 1, 0.0, person, candidate=person, confidence=known)
    recorder_of(arm, log, ("a", "b")).update(UpdateMessage.of(update))
    log.commit()
    assert rows(log.path, "combination") == [(1, "a:gain", "a:strength", "product", 1.1, 0.1)]
    assert {row[-1] for row in rows(log.path, "parameter")} == {"known_with_another"}


def test_numbers_that_are_not_finite_become_null(log):
    log.add("residual", np.nan, "knee", float("inf"))
    log.commit()
    assert rows(log.path, "residual") == [(None, "knee", None)]


def test_why_a_candidate_was_refused_is_kept(arm, log):
    person = Subject.generic(("a", "b"), *np.ones((5, 2)))
    recorder = recorder_of(arm, log, person.muscles)
    for result, reason in ((Result.REJECTED, Reason.WORSE), (Result.OK, None)):
        update = Update(result, "Said.", 1, 1.0, person, reason=reason)
        recorder.update(UpdateMessage.of(update))
    log.commit()
    with open_session(log.path) as database:
        told = database.execute("SELECT result, reason FROM candidate ORDER BY id").fetchall()
    assert told == [("rejected", "worse"), ("ok", None)]


def test_a_recorder_that_starts_again_goes_on(arm, tmp_path):
    path = tmp_path / "session.db"
    with SessionLog(path, about(arm, ())) as first:
        first.add("candidate", 1, *[None] * 12)
    with SessionLog(path, {}, resume=True) as second:
        assert second.candidates == 1
        second.add("mark", 1.0, "again", None)
    assert rows(path, "mark") == [(1.0, "again", None)]


def test_a_file_that_is_there_is_not_touched(log, arm):
    with pytest.raises(UserError, match="exists already"):
        SessionLog(log.path, about(arm, ()))


def test_a_folder_that_cannot_be_written_is_a_user_error(arm, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be made"):
        SessionLog(tmp_path / "file" / "session.db", about(arm, ()))


def test_a_full_disk_is_said_once_and_nothing_is_lost_when_there_is_room_again(log, caplog):
    """SQLite itself refuses to grow the file, with the error of a full disk."""
    log._database.execute("PRAGMA max_page_count = 40")
    texts = [f"{i} " + "x" * 500 for i in range(2000)]
    with caplog.at_level(logging.WARNING):
        for text in texts:
            log.add("mark", 1.0, text, None)
            if len(text) and text.startswith(("500 ", "1000 ")):
                assert not log.commit()
    assert not log.commit()
    assert "full" in log.trouble
    assert len([r for r in caplog.records if "cannot be written" in r.message]) == 1
    log._database.execute("PRAGMA max_page_count = 100000")
    assert log.commit()
    assert [text for _, text, _ in rows(log.path, "mark")] == texts
    assert log.lost == 0


def test_what_waits_is_bounded(log, monkeypatch):
    monkeypatch.setattr(session_log, "MOST_WAITING", 100)
    log._database.execute("PRAGMA max_page_count = 1")
    for i in range(500):
        log.add("mark", float(i), "x" * 500, None)
    assert not log.commit()
    assert log.lost == 400
    log._database.execute("PRAGMA max_page_count = 100000")
    assert log.commit()
    assert [t for t, *_ in rows(log.path, "mark")] == [float(i) for i in range(400, 500)]


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(200)])
def test_what_is_no_session_is_a_user_error(tmp_path, content):
    path = tmp_path / "other.db"
    path.write_bytes(content)
    with pytest.raises(UserError, match="not a session"), open_session(path):
        pass


def test_a_session_that_is_damaged_is_called_so(log):
    for number in range(500):
        log.add("mark", 1.0, f"{number}" * 50, None)
    log.close()
    whole = log.path.read_bytes()
    log.path.write_bytes(whole[:4096] + whole[-4096:])  # the middle of it was lost
    with pytest.raises(UserError, match="is damaged"), open_session(log.path) as database:
        database.execute("SELECT text FROM mark").fetchall()
    log.path.write_bytes(whole[:200] + b"\xff" * 3896 + whole[4096:])
    with pytest.raises(UserError, match="is damaged"), open_session(log.path):
        pass


def test_a_row_with_a_value_too_few_is_refused_at_once_and_holds_nothing_up(log):
    with pytest.raises(ValueError, match="'mark' has 3 values, not 2"):
        log.add("mark", 1.0, "stairs")
    log.add("mark", 2.0, "level", None)
    assert log.commit()
    assert rows(log.path, "mark") == [(2.0, "level", None)]


def test_a_session_of_another_schema_is_refused(log):
    log._database.execute("PRAGMA user_version = 99")
    with pytest.raises(UserError, match="schema 99"), open_session(log.path):
        pass


def test_moments_become_curves_and_residuals(log, arm):
    recorder = recorder_of(arm, log, ("a", "b"))
    dofs = len(arm.model.dofs)
    t = T0 + np.arange(301) / 100.0
    predicted = np.zeros((301, dofs))
    reference = predicted + np.arange(dofs)
    reference[120:180] = np.nan
    for part in np.array_split(np.arange(301), 40):
        recorder.moments(
            t[part], predicted[part], np.full((len(part), dofs), np.nan), reference[part]
        )
    log.commit()
    residual = rows(log.path, "residual")
    assert len(residual) == 3 * dofs
    for _, dof, rmse in residual:
        assert rmse == pytest.approx(arm.model.dofs.index(dof))
    curves = rows(log.path, "moment")
    assert len(curves) == 61 * dofs
    assert {row[3] for row in curves} == {None}


def with_muscles(config, muscles_hz):
    output = config.output.model_copy(update={"muscles_hz": muscles_hz})
    return config.model_copy(update={"output": output})


@pytest.mark.parametrize(("muscles_hz", "kept"), [(100.0, 20), (5.0, 5), (0.0, 0)])
def test_what_muscles_do_is_kept_as_often_as_it_is_wanted_and_20_times_a_second_at_most(
    log, arm, muscles_hz, kept
):
    recorder = recorder_of(with_muscles(arm, muscles_hz), log, ("a", "b"))
    dofs, told = arm.model.dofs, len(QUANTITIES)
    t = T0 + np.arange(300) / 100.0
    states = np.arange(2.0 * (told + len(dofs))).reshape(-1, 2) + np.zeros((300, 1, 1))
    states[:, told, 0] = 0.0  # a does not cross the first joint
    if not muscles_hz:
        states = states[:, :0]
    stiffness = np.tile(10.0 + np.arange(len(dofs)), (300, 1))
    for part in np.array_split(np.arange(300), 40):
        trace = MusclesTrace.of(t[part], stiffness[part], states[part])
        recorder.muscles.add(*MusclesTrace.model_validate(trace.model_dump()).columns())
    log.commit()
    stiff = rows(log.path, "stiffness")
    assert len(stiff) == 3 * 20 * len(dofs)
    assert [row[1:] for row in stiff[: len(dofs)]] == [*zip(dofs, stiffness[0], strict=True)]
    muscle = rows(log.path, "muscle")
    assert len(muscle) == 3 * kept * 2
    shares = rows(log.path, "muscle_moment")
    assert len(shares) == 3 * kept * (2 * len(dofs) - 1)
    if kept:
        assert muscle[1] == (T0, "b", *states[0, :told, 1])
        assert shares[0] == (T0, "a", dofs[1], states[0, told + 1, 0])


def test_a_trace_that_does_not_fit_together_is_refused():
    trace = MusclesTrace.of(np.zeros(2), np.zeros((2, 3)), np.zeros((2, 9, 4)))
    for change in ({"rows": 7}, {"t": bytes(24)}, {"stiffness": bytes(3)}):
        with pytest.raises(ValueError, match=r"reshape|multiple"):
            trace.model_copy(update=change).columns()


def test_emg_becomes_amplitude_median_frequency_and_quality(log, arm):
    recorder = recorder_of(arm, log, ("a", "b"))
    random = np.random.default_rng(1)
    channels = len(arm.streams.emg.channels)
    x = 1e-4 * random.standard_normal((3500, channels))
    x[:, 3] += x[:, 1]
    t = T0 + np.arange(3500) / 1000.0
    for part in np.array_split(np.arange(3500), 200):
        recorder.emg(t[part], x[part])
    log.commit()
    found = rows(log.path, "emg")
    assert len(found) == 3 * channels
    for _, channel, amplitude, median_hz, low, high, line, motion, common, alike in found:
        assert 200 < median_hz < 270
        assert low < amplitude < high < 2.5e-4
        assert max(line, motion) < 0.15
        pair = {arm.streams.emg.channels[place] for place in (1, 3)}
        assert (common > 0.3) == (channel in pair)
        assert channel not in pair or alike in pair - {channel}


def test_a_backtest_becomes_a_row_for_each_set_and_joint_that_was_judged(log, arm):
    recorder = recorder_of(arm, log, ("a", "b"))
    dofs, who = arm.model.dofs, Subject.generic(("a", "b"), *np.ones((5, 2)))
    rmse, count = tuple(1.0 + np.arange(len(dofs))), (0, *[100] * (len(dofs) - 1))
    tested = (Backtested(7, None, rmse, count), Backtested(2, T0 + 10, rmse, count))
    update = Update(Result.HELD, "Held.", 7, T0 + 30, who, backtest=tested)
    recorder.update(UpdateMessage.of(update))
    log.commit()
    assert rows(log.path, "backtest") == [
        (T0 + 30, version, since_t, dof, rmse[place], 100)
        for version, since_t in ((7, None), (2, T0 + 10))
        for place, dof in enumerate(dofs)
        if place
    ]


def test_a_loss_is_over_when_it_is_and_left_open_when_the_baseline_is_another(log, arm):
    recorder, who = recorder_of(arm, log, ("a", "b")), Subject.generic(("a", "b"), *np.ones((5, 2)))
    (told,) = session([steady, steady], seconds=1)
    loss = Followed((Loss("a", -0.2, -0.3, -0.1, 0.0),))
    for baseline, followed in ((0.0, loss), (0.0, NOTHING), (0.0, loss), (90.0, NOTHING)):
        statistics = told._replace(baseline=baseline)
        drift = Drift(("a", "b"), np.ones(2), np.ones(2), np.ones(2), statistics)
        update = Update(Result.HELD, "Held.", 7, T0 + 30, who, drift=drift)
        recorder.update(UpdateMessage.of(update, followed=followed))
    log.commit()
    said = [row[3] for row in rows(log.path, "event")]
    assert [len(said), said[1], said[3]] == [4, loss.losses[0].over, loss.losses[0].left_open]
    assert "20% less" in said[0]


def test_a_name_is_made_of_title_and_time(arm):
    path = session_path(arm)
    assert path.parent.name == "sessions"
    assert path.name.startswith("-".join(arm.title.lower().split()[:2]))
    assert path.suffix == ".db"


@pytest.mark.parametrize("parquet", [False, True])
def test_export_writes_every_table_whole(log, tmp_path, parquet):
    if parquet:
        arrow = pytest.importorskip("pyarrow.parquet")
    for i in range(5):
        log.add("mark", float(i), 'a "quoted", mark', "Ann")
    log.commit()
    files = export(log.path, tmp_path / "out", parquet, lambda done: None)
    assert {file.stem for file in files} == set(schema.TABLES)
    file = tmp_path / "out" / ("mark.parquet" if parquet else "mark.csv")
    if parquet:
        table = arrow.read_table(file).to_pylist()
    else:
        with file.open(newline="") as stream:
            table = list(csv.DictReader(stream))
    assert [float(row["t"]) for row in table] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert {row["text"] for row in table} == {'a "quoted", mark'}
    assert {row["by"] for row in table} == {"Ann"}


def test_a_session_that_is_older_than_a_table_is_exported_without_it(log, tmp_path):
    log._database.execute("DROP TABLE muscle")
    files = export(log.path, tmp_path / "out", False, lambda done: None)
    assert {file.stem for file in files} == set(schema.TABLES) - {"muscle"}


@pytest.mark.parametrize("parquet", [False, True])
def test_a_session_that_is_older_than_a_column_is_exported_with_nothing_in_it(
    log, tmp_path, parquet
):
    """Made as it was before commands told who gave them."""
    if parquet:
        arrow = pytest.importorskip("pyarrow.parquet")
    for table in ("mark", "command"):
        log._database.execute(f'ALTER TABLE {table} DROP COLUMN "by"')
    log._database.execute("INSERT INTO mark VALUES (1.0, 'stairs')")
    log._database.commit()
    files = export(log.path, tmp_path / "out", parquet, lambda done: None)
    assert {file.stem for file in files} == set(schema.TABLES)
    if parquet:
        told = arrow.read_table(tmp_path / "out" / "mark.parquet").to_pylist()
        assert told == [{"t": 1.0, "text": "stairs", "by": None}]
    else:
        written = (tmp_path / "out" / "mark.csv").read_text()
        assert written.splitlines() == ["t,text,by", "1.0,stairs,"]


def test_who_gave_a_command_is_noted(arm, log):
    recorder = recorder_of(arm, log, ("a", "b"))
    done = Reply(ok=True, sentence="Done.")
    recorder.command(1.0, Request(command=Command.MARK, text="stairs", by="Ann"), done)
    recorder.command(2.0, Request(command=Command.ROLLBACK, version=7, by="Ben"), done)
    recorder.command(3.0, Request(command=Command.MVC_START, channels=["a", "b"]), done)
    log.commit()
    assert rows(log.path, "mark") == [(1.0, "stairs", "Ann")]
    assert rows(log.path, "command") == [
        (2.0, "rollback", "7", 1, "Done.", "Ben"),
        (3.0, "mvc start", "a, b", 1, "Done.", None),
    ]


def test_an_mvc_of_a_channel_that_had_none_is_noted_without_the_old_one(arm, log):
    recorder = recorder_of(arm, log, ("a", "b"))
    data = {"changed": ["a", "b"], "before": {"a": 0.5}, "mvc": {"a": 0.6, "b": 0.7}}
    reply = Reply(ok=True, sentence="Done.", data=data)
    recorder.command(1.0, Request(command=Command.MVC_STOP), reply)
    log.commit()
    assert rows(log.path, "mvc") == [(1.0, "a", 0.5, 0.6), (1.0, "b", None, 0.7)]


def test_the_file_is_sound(log):
    log.commit()
    with closing(sqlite3.connect(log.path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_trust_that_is_lost_and_earned_is_an_event_each_time(arm, log, tmp_path):
    recorder = recorder_of(arm, log, ("a", "b"))
    for t, doubt in enumerate(("Why not.", "Why not.", "", "", "Why not now.")):
        status = StatusMessage(
            session="s", t=float(t), status=Status.NOMINAL, uptime_s=0.0, doubt=doubt
        )
        recorder.status(status, [])
    log.commit()
    told = [(t, kind, said) for t, _, kind, said in rows(tmp_path / "session.db", "event")]
    fits = "The parameters fit this person: the moments are ok."
    assert told == [
        (0.0, "trust", "Why not."),
        (2.0, "trust", fits),
        (4.0, "trust", "Why not now."),
    ]
