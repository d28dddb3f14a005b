"""Sessions are read without a trace: finished, being written, and cut off."""

import shutil

import pytest

from daemon.config import load_config
from daemon.session.log import SessionLog, about
from daemon.session.reader import open_session
from pipeline.errors import UserError


@pytest.fixture
def log(tmp_path):
    with SessionLog(tmp_path / "s" / "now.db", about(load_config("arm"), ("a",))) as log:
        yield log


def marks(path):
    with open_session(path) as database:
        return [text for (text,) in database.execute("SELECT text FROM mark")]


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_finished_session_is_read_and_no_file_is_made(log):
    log.add("mark", 1.0, "one")
    log.close()
    before = files(log.path.parent)
    assert set(before) == {"now.db"}
    assert marks(log.path) == ["one"]
    assert files(log.path.parent) == before


def test_a_session_goes_on_while_it_is_read(log):
    log.add("mark", 1.0, "one")
    log.commit()
    with open_session(log.path) as database:
        reading = database.execute("SELECT text FROM mark")
        for number in range(3000):  # far beyond what the log beside the file holds
            log.add("mark", 1.0, f"{number}" * 50)
            if number % 50 == 0:
                assert log.commit()
        assert reading.fetchone() == ("one",)
    assert log.commit()
    assert len(marks(log.path)) == 3001


@pytest.mark.parametrize("index", [True, False])
def test_a_session_that_was_cut_off_has_what_was_committed(log, tmp_path, index: bool):
    log.add("mark", 1.0, "one")
    log.commit()
    left = tmp_path / "left"
    left.mkdir()
    for path in log.path.parent.iterdir():  # as SIGKILL leaves them
        if index or not path.name.endswith("-shm"):
            shutil.copy(path, left)
    before = files(left)
    assert marks(left / "now.db") == ["one"]
    if index:
        assert files(left) == before


def test_reading_does_not_let_anybody_write(log):
    log.close()
    with pytest.raises(UserError, match="readonly"), open_session(log.path) as database:
        database.execute("DELETE FROM session")
