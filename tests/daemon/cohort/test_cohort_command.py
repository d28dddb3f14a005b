"""Studies of two small arms, computed in this process."""

import json

import pyarrow.compute as pc
import pytest
from small_cohort import SCORE, write_study, write_table

from daemon.cohort.digest import version
from daemon.cohort.rows import COLUMNS
from daemon.cohort.store import read_table
from pipeline.model.identifiability import Identifiability


@pytest.fixture
def cohort(hillstream, tmp_path):
    """Run a study in this process; return what it says of itself and the rows of its table."""

    def run(study, *arguments):
        file = tmp_path / "out.json"
        done = hillstream("cohort", study, "--part", "1/1", "--json", file, *arguments)
        assert done.exit_code == 0, done.output
        told = json.loads(file.read_text())
        table, _ = read_table(study.with_name(f"{study.stem}-out") / "results.parquet")
        return told, table

    return run


def rows(table, **wanted):
    for name, value in wanted.items():
        table = table.filter(pc.equal(table[name], value))
    return table.to_pylist()


def test_everybody_has_parameters_scores_and_where_they_come_from(arms, cohort):
    told, table = cohort(write_study(arms, seed=3))
    assert (told["people"], told["finished"], told["failed"], told["left"]) == (2, 2, 0, 0)
    assert table.column_names == list(COLUMNS)
    (strength,) = rows(table, person="Ann", quantity="strength", of="biceps")
    assert strength["bound_low"] <= strength["value"] <= strength["bound_high"]
    assert strength["prior"] == 1.0
    assert (strength["group"], strength["setup"], strength["draw"]) == ("a", "arm", 0)
    assert strength["interval_low"] < strength["value"] < strength["interval_high"]
    width = strength["interval_high"] - strength["interval_low"]
    assert 0 < width <= 2 * 1.96 * strength["deviation"] * (1 + 1e-12)
    assert strength["identifiability"] in set(Identifiability)
    assert (strength["version"], strength["seed"]) == (version(), 3)
    assert strength["seconds"] > 0
    errors = rows(table, quantity=SCORE)
    assert {(row["person"], row["of"]) for row in errors} == {
        (person, joint) for person in ("Ann", "Ben") for joint in ("shoulder", "elbow")
    }
    generic = {
        (r["person"], r["of"]): r["value"] for r in rows(table, quantity="heldout_rmse_generic_nm")
    }
    assert all(row["value"] < generic[row["person"], row["of"]] for row in errors)


def test_a_bad_recording_is_a_row_and_is_done_once_it_is_mended(arms, cohort):
    (arms / "bad.npz").write_bytes(b"no recording")
    write_table(arms, {"Ann": "P0.npz", "Bea": "bad.npz", "Cy": "none.npz"})
    study = write_study(arms)
    told, table = cohort(study)
    assert (told["finished"], told["failed"]) == (3, 2)
    (bad,) = rows(table, person="Bea")
    assert "bad.npz" in bad["error"]
    assert bad["value"] is None
    (missing,) = rows(table, person="Cy")
    assert "does not exist" in missing["error"]
    before = sorted((arms / "study-out" / "batches").iterdir())
    (arms / "bad.npz").write_bytes((arms / "P1.npz").read_bytes())
    told, table = cohort(study)
    assert (told["finished"], told["failed"]) == (3, 1)
    assert rows(table, person="Bea", quantity=SCORE)
    assert len(set((arms / "study-out" / "batches").iterdir()) - set(before)) == 1


def test_a_bootstrap_gives_intervals(arms, cohort):
    write_table(arms, {"Ann": "P0.npz"})
    study = write_study(arms, study={"type": "bootstrap", "resamples": 4})
    told, table = cohort(study)
    assert told["calibrations"] == 5
    of_ann = rows(table, quantity="strength", of="biceps")
    whole, drawn = of_ann[0], [row["value"] for row in of_ann[1:]]
    assert min(drawn) <= whole["interval_low"] < whole["interval_high"] <= max(drawn)
    assert all(row["interval_low"] is None for row in of_ann[1:])
    assert all(row["deviation"] > 0 for row in of_ann)


def test_what_would_be_done_is_told_and_nothing_is_done(arms, hillstream, tmp_path):
    file = tmp_path / "plan.json"
    study = write_study(arms, study={"type": "folds", "folds": 4}, run={"workers": 2})
    done = hillstream("cohort", study, "--dry-run", "--json", file)
    assert done.exit_code == 0, done.output
    told = json.loads(file.read_text())
    assert (told["calibrations"], told["left"], told["workers"]) == (8, 8, 2)
    assert told["seconds_left"] == pytest.approx(8 * told["seconds_each"] / 2)
    assert not told["measured"]
    assert not (arms / "study-out").exists()


def test_a_changed_study_is_told_and_goes_on_with_fresh(arms, cohort, hillstream):
    write_table(arms, {"Ann": "P0.npz"})
    cohort(write_study(arms))
    other = write_study(arms, seed=5)
    for more in ((), ("--dry-run",), ("--report",)):
        done = hillstream("cohort", other, "--part", "1/1", *more)
        assert done.exit_code == 2
        assert "seed was 0, is 5" in done.output
    _, table = cohort(other, "--fresh")
    assert set(table["seed"].to_pylist()) == {5}


def test_the_page_is_of_the_table_and_the_same_each_time(arms, cohort, hillstream):
    (arms / "bad.npz").write_bytes(b"no <recording>")
    write_table(arms, {"Ann": "P0.npz", "Ben": "P1.npz", "Bea <x>": "bad.npz"})
    study = write_study(arms)
    cohort(study)
    page = arms / "study-out" / "report.html"
    first = page.read_text()
    assert "3 people with 1 set-up(s), once each: 3 calibrations, of which 1 failed." in first
    assert "Bea &lt;x&gt;" in first
    assert "<img src=" in first
    assert version() in first
    page.unlink()
    assert hillstream("cohort", study, "--report").exit_code == 0
    assert page.read_text() == first


def test_a_study_can_be_made_again_from_its_own_metadata(arms, cohort, tmp_path):
    write_table(arms, {"Ann": "P0.npz"})
    cohort(write_study(arms))
    table, made_of = read_table(arms / "study-out" / "results.parquet")
    ann = made_of["people"][0]
    write_table(arms, {ann["person"]: next(iter(ann["recordings"]))})
    again = write_study(
        arms, "again", calibrate=made_of["study"]["calibrate"] | {"cycles": [], "frames": []}
    )
    _, second = cohort(again)
    assert second["value"].equals(table["value"])
    assert second["case"].equals(table["case"])


@pytest.mark.parametrize("part", ["0/2", "3/2", "2", "a/b"])
def test_a_part_that_does_not_exist_is_refused(arms, hillstream, part):
    done = hillstream("cohort", write_study(arms), "--part", part)
    assert done.exit_code == 2
    assert "write K/N" in done.output


def test_a_scheduler_that_is_not_there_is_told(arms, hillstream):
    done = hillstream("cohort", write_study(arms), "--scheduler", "nonsense://x")
    assert done.exit_code == 2
    assert "no Dask scheduler answers at 'nonsense://x'" in done.output
