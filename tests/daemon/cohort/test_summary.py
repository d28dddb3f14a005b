"""Who stands out, and how groups are told."""

import numpy as np
import pytest

from daemon.cohort.rows import COLUMNS
from daemon.cohort.store import table_from
from daemon.cohort.summary import summary_of


def row(person, quantity, value, **values):
    return dict.fromkeys(COLUMNS) | {
        "case": f"{person} {values.get('draw', 0)}",
        "person": person,
        "group": "a" if int(person[1:]) % 2 else "b",
        "setup": "arm",
        "draw": 0,
        "quantity": quantity,
        "of": "biceps",
        "value": value,
        **values,
    }


def test_a_strength_of_a_tenth_stands_out_and_nobody_else():
    random = np.random.default_rng(1)
    strengths = np.exp(random.normal(0.0, 0.1, 20))
    strengths[7] = 0.1
    found = summary_of(table_from([row(f"P{i}", "strength", s) for i, s in enumerate(strengths)]))
    (outlier,) = found.outliers()
    assert outlier.value.person == "P7"
    assert outlier.distance < -10
    assert outlier.median == pytest.approx(np.median(strengths))


def test_few_people_say_nothing_of_what_is_usual():
    found = summary_of(table_from([row(f"P{i}", "strength", s) for i, s in enumerate((1, 1.1, 9))]))
    assert found.outliers() == []


def test_folds_are_told_by_their_mean():
    rows = [row("P1", "strength", s, draw=d, at_bound=d == 2) for d, s in ((1, 1.0), (2, 2.0))]
    (value,) = summary_of(table_from(rows)).values
    assert value.value == 1.5
    assert value.at_bound


def test_groups_are_scored_apart():
    rows = [row(f"P{i}", "heldout_rmse_nm", 1.0 + i, of="elbow") for i in range(6)]
    rows += [row(f"P{i}", "heldout_r2", 0.9, of="elbow") for i in range(6)]
    rows += [row(f"P{i}", "heldout_rmse_generic_nm", 20.0, of="elbow") for i in range(6)]
    odd, even = summary_of(table_from(rows)).scores()
    assert (odd.group, odd.people, odd.rmse_nm[1]) == ("a", 3, 4.0)
    assert (even.group, even.rmse_nm[1], even.r2, even.generic_nm) == ("b", 3.0, 0.9, 20.0)


def test_failures_are_listed():
    rows = [row("P1", None, None, error="It is broken.", of=None), row("P2", "strength", 1.0)]
    found = summary_of(table_from(rows))
    assert found.cases == 2
    assert [(one.person, one.error) for one in found.failures] == [("P1", "It is broken.")]
