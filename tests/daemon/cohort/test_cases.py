"""Folds, resamples, and the names that finished work is found by."""

import pytest
from small_cohort import LEARNT, write_study, write_table

from daemon.cohort.cases import WHOLE_DRAW
from daemon.cohort.plan import Part, planned
from daemon.offline.segments import parse_ranges

PIECES = set(parse_ranges("seconds", LEARNT))


def of_person(plan, name):
    return [case for case in plan.cases if case.person == name]


def test_each_range_is_left_out_of_one_fold(arms):
    plan = planned(write_study(arms, study={"type": "folds", "folds": 2}))
    first, second = of_person(plan, "Ann")
    assert (first.draw, second.draw) == (1, 2)
    assert set(first.ranges) | set(second.ranges) == PIECES
    assert not set(first.ranges) & set(second.ranges)


def test_a_bootstrap_is_the_whole_and_draws_of_the_same_size(arms):
    plan = planned(write_study(arms, study={"type": "bootstrap", "resamples": 20}))
    whole, *drawn = of_person(plan, "Ann")
    assert whole.draw == WHOLE_DRAW
    assert set(whole.ranges) == PIECES
    assert all(len(case.ranges) == 4 and set(case.ranges) <= PIECES for case in drawn)
    assert len({case.ranges for case in drawn}) > 5


def test_draws_depend_on_the_seed_and_on_nobody_else(arms):
    bootstrap = {"type": "bootstrap", "resamples": 5}
    both = planned(write_study(arms, study=bootstrap))
    write_table(arms, {"Ben": "P1.npz"})
    alone = planned(write_study(arms, study=bootstrap))
    assert [c.id for c in of_person(both, "Ben")] == [c.id for c in alone.cases]
    other = planned(write_study(arms, seed=1, study=bootstrap))
    assert [c.ranges for c in other.cases] != [c.ranges for c in alone.cases]


def test_a_name_changes_with_recording_and_setup_not_with_where_they_lie(arms, tmp_path):
    before = planned(write_study(arms)).cases
    moved = arms.rename(tmp_path / "elsewhere")
    setup = moved / "arm.toml"
    setup.write_text(setup.read_text().replace(str(arms), str(moved)))
    study = moved / "study.toml"
    assert [case.id for case in planned(study).cases] == [case.id for case in before]
    (moved / "P0.npz").write_bytes((moved / "P1.npz").read_bytes())
    ann, ben = planned(study).cases
    assert ann.id != before[0].id
    assert ben.id == before[1].id
    setup.write_text(setup.read_text() + "\n[calibrator]\nburn_in_s = 0.4\n")
    assert planned(study).cases[1].id != ben.id


def test_own_ranges_that_are_wrong_are_a_persons_own_problem(arms):
    (arms / "people.csv").write_text("who,group,file,own\nAnn,a,P0.npz,4:2\nBen,b,P1.npz,2:3\n")
    ann, ben = planned(write_study(arms, columns={"ranges": "own"})).cases
    assert "got '4:2'" in ann.problem
    assert ben.problem is None
    assert ben.ranges == ((2.0, 3.0),)


@pytest.mark.parametrize(("memory_gb", "largest"), [(0.1, 1), (0.52, 5), (8.0, 8)])
def test_batches_are_as_large_as_memory_allows(arms, memory_gb, largest):
    study = {"type": "bootstrap", "resamples": 100}
    run = {"memory_gb": memory_gb, "batch": 8}
    plan = planned(write_study(arms, study=study, run=run))
    sizes = [len(batch.cases) for batch in plan.batches]
    assert sum(sizes) == len(plan.cases) == 202
    assert 0.5 * largest <= max(sizes) <= largest


def test_parts_share_the_batches(arms):
    plan = planned(write_study(arms, study={"type": "bootstrap", "resamples": 30}))
    parts = [plan.left((), Part(number, 3)) for number in (1, 2, 3)]
    ids = [case.id for part in parts for batch in part for case in batch.cases]
    assert sorted(ids) == sorted(case.id for case in plan.cases)
