"""What is kept of a study, and what it does where that goes wrong."""

import multiprocessing
import resource

import pytest

from daemon.cohort.rows import COLUMNS
from daemon.cohort.store import Store, read_table, table_from
from pipeline.errors import UserError

ASKED = {"seed": 1, "hillstream": "1"}


def row(case, **values):
    return dict.fromkeys(COLUMNS) | {"case": case, "seconds": 1.0} | values


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "out")
    made.begin(ASKED)
    return made


def test_what_is_kept_is_found_again(store):
    store.keep([row("a", value=1.0), row("a", value=2.0)])
    store.keep([row("b", error="It is broken.")])
    found = Store(store.folder).finished()
    assert found["a"].error is None
    assert found["b"].error == "It is broken."
    assert sorted(store.numbers()["case"].to_pylist()) == ["a", "a", "b"]


def test_what_two_processes_computed_counts_once(store):
    store.keep([row("a", value=1.0)])
    store.keep([row("a", value=1.0), row("b", value=2.0)])
    assert sorted(store.numbers()["case"].to_pylist()) == ["a", "b"]


def test_a_damaged_file_is_work_to_do_again(store, caplog):
    store.keep([row("a", value=1.0)])
    store.keep([row("b", value=1.0)])
    victim = next((store.folder / "batches").glob("*.parquet"))
    victim.write_bytes(victim.read_bytes()[:100])
    assert len(store.finished()) == 1
    assert "is damaged" in caplog.text


def test_another_study_is_refused_until_it_is_thrown_away(store):
    store.keep([row("a", value=1.0)])
    (store.folder / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match=r"seed was 1, is 2\); give --fresh"):
        Store(store.folder).begin(ASKED | {"seed": 2})
    store.clear()
    store.begin(ASKED | {"seed": 2})
    assert not store.finished()
    assert (store.folder / "notes.txt").exists()


def test_a_table_says_what_it_was_made_of(store):
    store.write_table(table_from([row("a", value=1.0)]), {"study": {"seed": 7}})
    table, made_of = read_table(store.table)
    assert table["value"].to_pylist() == [1.0]
    assert made_of == {"study": {"seed": 7}}
    with pytest.raises(UserError, match="is not a table of results"):
        read_table(store.folder / "study.json")


def _keep_much(folder, told):
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))  # a file cannot grow beyond
    try:
        Store(folder).keep([row(f"case {i}", value=float(i)) for i in range(5000)])
    except UserError as error:
        told.put(str(error))


def test_where_nothing_can_be_written_what_is_finished_stays(store):
    store.keep([row("a", value=1.0)])
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    process = context.Process(target=_keep_much, args=(store.folder, told))
    process.start()
    sentence = told.get(timeout=100)
    process.join()
    assert "cannot be written" in sentence
    assert "start the study again" in sentence
    assert list(store.finished()) == ["a"]
    assert len(list((store.folder / "batches").iterdir())) == 1
