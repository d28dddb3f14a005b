"""What the bench says of figures that are handed to it."""

from daemon.bench.latency.measure import WANTED_WITHOUT_MS, verdict
from daemon.live.stages import STAGES

FAST = {"p50": 0.4, "p99": 1.2}
EACH = {stage: {"p50": 0.1, "p99": 0.2} for stage in STAGES}


def test_fast_enough_and_none_missed_is_reached():
    assert verdict(FAST, EACH, missed=0) == {"reached": True, "in_the_way": ""}


def test_missed_ticks_stand_in_the_way():
    found = verdict(FAST, EACH, missed=3)
    assert not found["reached"]
    assert found["in_the_way"] == "3 ticks were missed"


def test_the_slowest_stage_of_the_figure_that_is_too_slow_is_named():
    slow = STAGES[1]
    stages = EACH | {slow: {"p50": 0.05, "p99": 7.5}}
    found = verdict({"p50": 0.4, "p99": 9.0}, stages, missed=0)
    assert not found["reached"]
    assert found["in_the_way"] == f"p99 is 9.00 ms, not 1.5; most of it is {slow} with 7.50 ms"


def test_without_a_priority_only_what_is_wanted_there_counts():
    found = verdict({"p50": 1.4, "p99": 4.9}, EACH, missed=0, wanted=WANTED_WITHOUT_MS)
    assert found["reached"]
