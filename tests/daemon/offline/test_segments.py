import numpy as np
import pytest

from daemon.offline.segments import parse_ranges, passages, read_cycles, scored
from pipeline.errors import UserError

T = np.arange(2000) / 100.0


@pytest.fixture
def walk(tmp_path):
    path = tmp_path / "walk.npz"
    starts = np.arange(100, 2000, 100)
    ok = np.ones(len(starts) - 1, dtype=bool)
    ok[7] = False
    np.savez(
        path,
        cycle_starts=starts,
        cycle_toe_off=starts[:-1] + 60,
        cycle_ok=ok,
        cycle_stance_ok=~ok,
    )
    return path


def test_ranges_are_read_alone_listed_or_repeated():
    assert parse_ranges("seconds", ["10:20.5"]) == [(10.0, 20.5)]
    assert parse_ranges("frames", ["1:2,3:4", "5:6"]) == [(1, 2), (3, 4), (5, 6)]


@pytest.mark.parametrize("text", ["", "5", "a:b", "5:5", "6:5", "-1:5", "1:2:3", "1:inf", "nan:2"])
def test_what_is_no_range_is_refused(text):
    with pytest.raises(UserError, match="--cycles takes ranges such as"):
        parse_ranges("cycles", [text])


def test_every_cycle_of_a_range_is_a_passage(walk):
    cycles = read_cycles(walk, T)
    assert passages("cycles", [(2, 4)], walk, T, cycles) == [(3.0, 4.0), (4.0, 5.0)]


def test_frames_are_those_of_the_reference(walk):
    assert passages("frames", [(10, 2000)], walk, T + 5.0, None) == [pytest.approx((5.1, 25.0))]


@pytest.mark.parametrize(
    ("kind", "range_", "sentence"),
    [
        ("cycles", (2, 19), "has the cycles 0:18"),
        ("cycles", (1.5, 3), "does not exist"),
        ("frames", (0, 2001), "has the frames 0:2000"),
        ("seconds", (30, 40), "goes from 0 to 19.99 s"),
    ],
)
def test_passages_that_do_not_exist_are_refused(walk, kind, range_, sentence):
    with pytest.raises(UserError, match=sentence):
        passages(kind, [range_], walk, T, read_cycles(walk, T))


def test_cycles_need_annotations(tmp_path):
    np.savez(tmp_path / "plain.npz", emg=np.zeros(3))
    assert read_cycles(tmp_path / "plain.npz", T) is None
    with pytest.raises(UserError, match="has no gait cycles"):
        passages("cycles", [(0, 1)], tmp_path / "plain.npz", T, None)


def test_annotations_beyond_the_recording_are_refused(walk):
    with pytest.raises(UserError, match="cycles beyond its 500 frames"):
        read_cycles(walk, T[:500])


def test_the_usable_cycles_after_the_start_that_were_not_used_are_scored(walk):
    cycles = read_cycles(walk, T)
    found = scored(cycles, T, [(9.5, 11.0)], stance=False, path=walk)
    starts = [start for start, _ in found]
    assert starts == [5.0, 6.0, 7.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0]


def test_stances_have_masks_and_a_start_of_their_own(walk):
    cycles = read_cycles(walk, T)
    assert scored(cycles, T, [], stance=True, path=walk) == [(8.0, 8.6)]


def test_without_cycles_all_that_was_not_used_is_scored(tmp_path):
    found = scored(None, T, [(6.0, 7.0), (8.0, 9.0)], stance=False, path=tmp_path)
    assert found == [(5.0, 6.0), (7.0, 8.0), (9.0, np.inf)]
    with pytest.raises(UserError, match="does not say where stances end"):
        scored(None, T, [], stance=True, path=tmp_path)
