"""A cohort against a loop: what is compared, and how."""

import pytest

from pipeline.errors import UserError
from tools.studies.cohort_speed import Found, compared, sentence

DEVIATIONS = {
    ("Ann", "strength", "BRA"): 0.1,
    ("Ann", "c1", "BRA"): 0.2,
    ("Ann", "delay_s", ""): 0.0,
}
LOOP = Found(60.0, 50.0, dict.fromkeys(DEVIATIONS, 1.0), DEVIATIONS)


def test_differences_are_in_the_deviations_of_the_loop():
    values = LOOP.values | {("Ann", "strength", "BRA"): 1.02, ("Ann", "delay_s", ""): 5.0}
    told = compared(LOOP, Found(6.0, 9.0, values, dict.fromkeys(DEVIATIONS, 9.9)), 3)
    assert told["ratio"] == pytest.approx(10.0)
    assert told["people_per_minute"] == pytest.approx({"loop": 3.0, "cohort": 30.0})
    assert told["parameters"] == 2  # a delay that was given has no deviation
    assert told["largest"] == pytest.approx(0.2)
    assert told["worst"] == "Ann strength BRA"
    assert "10.0 times as fast" in sentence(told)


def test_people_who_are_missing_are_told():
    with pytest.raises(UserError, match="not the same parameters"):
        compared(LOOP, Found(1.0, 1.0, {}, {}), 1)
