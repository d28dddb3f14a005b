import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.output.guard import GuardedMoment, MomentGuard
from pipeline.output.message import Status

LIMIT, FADE, STALE = 100.0, 0.2, 0.05
guard = MomentGuard(n_dofs=2, max_moment_nm=LIMIT, fade_s=FADE, stale_after_s=STALE)


def run(
    steps: list[tuple[float, list[float] | None]], guard: MomentGuard = guard
) -> list[GuardedMoment]:
    """Take steps of (now, prediction or None); the EMG is as old as the tick before it, 10 ms."""
    state, out = guard.initial(), []
    for now, moment in steps:
        array = None if moment is None else np.array(moment)
        state, guarded = guard.step(state, now, array, None if moment is None else now - 0.01)
        out.append(guarded)
    return out


def ticks(start: float, end: float, moment: list[float] | None) -> list[tuple[float, list | None]]:
    return [(i / 100, moment) for i in range(round(100 * start), round(100 * end))]


def test_before_any_prediction_zeros_go_out() -> None:
    (first,) = run([(0.0, None)])
    assert first.status is Status.STARTING
    assert first.moment.tolist() == [0.0, 0.0]
    assert not first.ok.any()
    assert first.t_emg is None


def test_a_fresh_prediction_passes_once_faded_in() -> None:
    last = run(ticks(0, 0.5, [3.0, -4.0]))[-1]
    assert last.status is Status.NOMINAL
    assert last.moment.tolist() == [3.0, -4.0]
    assert last.ok.all()
    assert last.t_emg == pytest.approx(0.48)


def test_a_tick_without_a_new_prediction_repeats_the_last_while_it_is_young() -> None:
    last = run([*ticks(0, 0.5, [3.0, -4.0]), (0.5, None), (0.51, None)])[-1]
    assert last.status is Status.NOMINAL
    assert last.moment.tolist() == [3.0, -4.0]


def test_stale_input_fades_linearly_to_exactly_zero_and_stays_there() -> None:
    out = run([*ticks(0, 0.5, [80.0, -40.0]), *ticks(0.5, 1.5, None)])[50:]
    stale = [step for step in out if step.status is Status.STALE]
    assert len(stale) > 90
    assert not any(step.ok.any() for step in stale)
    fading = np.array([step.moment[0] for step in stale])[:20]
    np.testing.assert_allclose(np.diff(fading), -80.0 * 0.01 / FADE, rtol=1e-9)
    assert all(step.moment.tolist() == [0.0, 0.0] for step in stale[21:])


def test_old_predictions_are_stale_however_often_they_come() -> None:
    state = guard.initial()
    for i in range(20):
        state, guarded = guard.step(state, i / 100, np.array([1.0, 1.0]), -1.0)
    assert guarded.status is Status.STALE
    assert not guarded.moment.any()


def test_emg_from_the_future_becomes_stale_by_its_arrival() -> None:
    state, _ = guard.step(guard.initial(), 0.0, np.array([1.0, 1.0]), 1000.0)
    state, guarded = guard.step(state, 0.06)
    assert guarded.status is Status.STALE


def test_a_prediction_without_a_time_is_not_taken() -> None:
    _, guarded = guard.step(guard.initial(), 0.0, np.array([1.0, 1.0]), float("nan"))
    assert guarded.status is Status.STARTING
    assert guarded.t_emg is None


def test_too_large_a_moment_is_limited_and_not_ok() -> None:
    last = run(ticks(0, 0.5, [1000.0, -5.0]))[-1]
    assert last.status is Status.DEGRADED
    assert last.moment.tolist() == [LIMIT, -5.0]
    assert last.ok.tolist() == [False, True]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_nonfinite_joint_fades_alone(bad: float) -> None:
    out = run([*ticks(0, 0.5, [80.0, -5.0]), *ticks(0.5, 1.0, [bad, -6.0])])
    assert {step.status for step in out[50:]} == {Status.FAULT}
    assert out[60].moment[0] == pytest.approx(40.0)
    assert out[-1].moment.tolist() == [0.0, -6.0]
    assert out[-1].ok.tolist() == [False, True]


def test_the_return_fades_in_from_where_the_moment_was() -> None:
    steps = [
        *ticks(0, 0.5, [80.0, 0.0]),
        *ticks(0.5, 0.65, None),
        *ticks(0.65, 1.0, [-80.0, 0.0]),
    ]
    moment = np.array([step.moment[0] for step in run(steps)])
    assert 0.0 < moment[64] < 80.0  # still fading when it turns
    assert moment[65] == moment[64]
    np.testing.assert_allclose(np.diff(moment[65:85]), (-80.0 - moment[64]) / 20, rtol=1e-9)
    assert moment[86] == -80.0


def test_a_fade_of_no_length_switches() -> None:
    at_once = MomentGuard(n_dofs=2, max_moment_nm=LIMIT, fade_s=0.0, stale_after_s=STALE)
    out = run([(0.0, [3.0, 4.0]), (1.0, None)], at_once)
    assert out[0].moment.tolist() == [3.0, 4.0]
    assert out[1].moment.tolist() == [0.0, 0.0]


moments = st.lists(st.floats(width=64), min_size=2, max_size=2)
dts = st.floats(min_value=1e-4, max_value=0.5)


@given(st.lists(st.tuples(dts, st.none() | moments, st.floats()), max_size=40))
def test_nothing_unsafe_ever_leaves(
    steps: list[tuple[float, list[float] | None, float]],
) -> None:
    state, now = guard.initial(), 100.0
    for dt, moment, t_emg in steps:
        now += dt
        state, out = guard.step(state, now, None if moment is None else np.array(moment), t_emg)
        assert np.isfinite(out.moment).all()
        assert (np.abs(out.moment) <= LIMIT).all()
        assert out.t_emg is None or np.isfinite(out.t_emg)
        if out.status is Status.NOMINAL:
            assert out.ok.all()
        if out.status in (Status.STALE, Status.STARTING):
            assert not out.ok.any()


levels = st.sampled_from([None, [60.0, np.nan], [-90.0, 10.0], [1e6, -1e6]])


@given(st.lists(st.tuples(levels, st.integers(1, 30)), max_size=6))
def test_the_output_never_moves_faster_than_a_fade_allows(
    phases: list[tuple[list[float] | None, int]],
) -> None:
    """Each phase holds one prediction, after a pause that lets the guard turn; so only fades move.

    A prediction may jump freely, and the output follows it when it is fresh; the pause between
    phases is longer than `stale_after_s`, so that no jump is left over.
    """
    steps: list[tuple[float, list[float] | None]] = []
    for moment, n in phases:
        steps += [(0.0, None)] * 8 + [(0.0, moment)] * n
    out = run([(i / 100, moment) for i, (_, moment) in enumerate(steps)])
    moves = np.diff(np.array([step.moment for step in out] or [np.zeros(2)]), axis=0)
    assert (np.abs(moves) <= 2 * LIMIT * 0.01 / FADE + 1e-9).all()


@given(moments, st.integers(21, 60))
def test_zero_is_reached_in_the_fade_time(moment: list[float], n: int) -> None:
    out = run([*ticks(0, 0.3, moment), *ticks(0.3, 0.36 + n / 100, None)])
    assert out[-1].moment.tolist() == [0.0, 0.0]


@given(
    st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=1, max_size=6),
    st.floats(0.1, 10.0),
)
def test_stiffness_fades_with_its_moment(phases: list[tuple[int, bool]], ratio: float) -> None:
    """Within the limit the two keep their ratio, whatever fades begin and turn."""
    state, now = guard.initial(), 0.0
    for n, there in phases:
        for _ in range(n):
            now += 0.01
            moment = np.array([50.0, -30.0]) if there else None
            stiffness = None if moment is None else ratio * np.abs(moment)
            state, out = guard.step(state, now, moment, now - 0.01, stiffness)
            np.testing.assert_allclose(out.stiffness, ratio * np.abs(out.moment), atol=1e-9)


def test_an_unknown_stiffness_is_told_as_such_and_fades_in_from_nothing() -> None:
    state = guard.initial()
    for i in range(30):
        state, out = guard.step(state, i / 100, np.array([3.0, 4.0]), i / 100)
    assert np.isnan(out.stiffness).all()
    assert out.ok.all()
    for i in range(30, 60):
        state, out = guard.step(state, i / 100)
    assert out.stiffness.tolist() == [0.0, 0.0]
    for i in range(60, 90):
        state, out = guard.step(state, i / 100, np.array([3.0, 4.0]), i / 100, np.array([9.0, 8.0]))
        assert np.isfinite(out.stiffness).all()
    assert out.stiffness.tolist() == [9.0, 8.0]
