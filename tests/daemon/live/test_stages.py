"""The split of a row's latency over the stages, on a clock of the test's own."""

import pytest

from daemon.live.stages import SETTLING_S, STAGES, StageTimes
from pipeline.streams import clock

START_S = 100.0
STEP_S = 0.005


@pytest.fixture
def at(monkeypatch):
    """Set the time: ``at(12.5)``."""

    def set_to(seconds):
        monkeypatch.setattr(clock, "now", lambda: seconds)

    set_to(0.0)
    return set_to


def pass_row(stages, at, t, lags):
    """Let a row with EMG of time `t` pass; `lags` says after how long each stage was done."""
    for stage, lag in zip(STAGES, lags, strict=True):
        at(t + lag)
        if stage == "transport":
            stages.arrived(t)
        elif stage == "publish":
            stages.published(t)
        else:
            stages.passed(stage)


def settled(at):
    stages = StageTimes()
    pass_row(stages, at, START_S - SETTLING_S, [0.05] * 5)  # the first row starts the count
    return stages


def test_each_stage_lasts_from_the_end_of_the_one_before(at):
    stages = settled(at)
    for i in range(100):
        pass_row(stages, at, START_S + i * STEP_S, [0.001, 0.0012, 0.0013, 0.002, 0.003])
    told = stages.milliseconds()
    expected = {
        "transport": 1.0,
        "envelope": 0.2,
        "align": 0.1,
        "predict": 0.7,
        "publish": 1.0,
        "total": 3.0,
    }
    for name, ms in expected.items():
        for figure in told[name].values():
            assert figure == pytest.approx(ms, abs=0.006)
    parts = sum(told[name]["mean"] for name in STAGES)
    assert parts == pytest.approx(told["total"]["mean"], abs=1e-6)


def test_the_wait_for_other_streams_is_alignment(at):
    stages = settled(at)
    at(START_S + 0.001)
    stages.arrived(START_S)
    stages.passed("envelope")
    for later in (0.002, 0.003):  # chunks that come while the row waits for its angles
        at(START_S + later)
        stages.arrived(START_S + later)
        stages.passed("envelope")
    at(START_S + 0.009)
    stages.passed("align")
    stages.passed("predict")
    stages.published(START_S)
    told = stages.milliseconds()
    assert told["transport"]["mean"] == pytest.approx(1.0)
    assert told["align"]["mean"] == pytest.approx(8.0)
    assert told["total"]["mean"] == pytest.approx(9.0)


def test_nothing_is_counted_before_connections_have_settled(at):
    stages = StageTimes()
    pass_row(stages, at, START_S, [0.1] * 5)
    pass_row(stages, at, START_S + 0.9 * SETTLING_S, [0.1] * 5)
    assert set(stages.milliseconds()["total"].values()) == {None}
