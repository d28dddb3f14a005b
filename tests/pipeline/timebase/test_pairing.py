import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from waiting_times import WaitingTimes

from pipeline.streams.base import Chunk
from pipeline.timebase.align import ReferencePairing


def make_pairing(capacity=1000, n_dofs=2):
    channels = [f"d{i}" for i in range(n_dofs)]
    return WaitingTimes(ReferencePairing(100.0, channels, 0.03, capacity))


def reference(start_s=10.0, n=100):
    t = start_s + np.arange(n) / 100.0
    return Chunk("moments", t, np.stack((t, 5.0 - 2.0 * t), axis=1))


def test_moments_are_interpolated_onto_the_row_times():
    pairing = make_pairing()
    pairing.push_reference(reference())
    t = 10.0 + np.arange(50) / 63.0
    pairing.push_times(t)
    got_t, moment = pairing.paired()
    np.testing.assert_array_equal(got_t, t)
    np.testing.assert_allclose(moment, np.stack((t, 5.0 - 2.0 * t), axis=1))


def test_times_wait_until_the_reference_has_passed_them():
    pairing = make_pairing()
    pairing.push_times(np.array([10.005, 10.015, 10.5]))
    assert pairing.paired()[1].shape == (0, 2)
    pairing.push_reference(reference(n=3))
    np.testing.assert_array_equal(pairing.paired()[0], [10.005, 10.015])
    assert len(pairing.paired()[0]) == 0
    pairing.push_reference(Chunk("moments", np.array([10.51]), np.zeros((1, 2))))
    t, moment = pairing.paired()
    np.testing.assert_array_equal(t, [10.5])
    assert np.isnan(moment).all()  # between two samples half a second apart


def test_there_is_no_moment_before_the_first_reference_sample():
    pairing = make_pairing()
    pairing.push_times(np.array([9.0, 9.99, 10.0, 10.001]))
    pairing.push_reference(reference())
    np.testing.assert_array_equal(np.isnan(pairing.paired()[1][:, 0]), [True, True, False, False])


def test_a_masked_sample_masks_its_neighbourhood_in_its_own_dof():
    chunk = reference()
    chunk.x[5, 1] = np.nan  # 10.05
    pairing = make_pairing()
    pairing.push_reference(chunk)
    pairing.push_times(np.array([10.03, 10.045, chunk.t[5], 10.055, chunk.t[6], 10.065]))
    moment = pairing.paired()[1]
    assert np.isfinite(moment[:, 0]).all()
    np.testing.assert_array_equal(np.isnan(moment[:, 1]), [False, True, True, True, False, False])


@given(data=st.data())
def test_pairs_do_not_depend_on_chunks_or_arrival(data):
    chunk, t = reference(), 9.9 + np.arange(120) / 119.0
    chunk.x[30:35, 0] = np.nan
    whole = make_pairing()
    whole.push_reference(chunk)
    whole.push_times(t)
    expected = whole.paired()
    cuts = st.lists(st.integers(0, 120), max_size=10).map(sorted)
    reference_cuts, time_cuts = data.draw(cuts), data.draw(cuts)
    parts = zip(np.split(chunk.t, reference_cuts), np.split(chunk.x, reference_cuts), strict=True)
    chunks, times = list(parts), np.split(t, time_cuts)
    pairing, got = make_pairing(), []
    for is_reference in data.draw(st.permutations([True] * len(chunks) + [False] * len(times))):
        if is_reference:
            pairing.push_reference(Chunk("moments", *chunks.pop(0)))
        else:
            pairing.push_times(times.pop(0))
        got.append(pairing.paired())
    np.testing.assert_array_equal(np.concatenate([g[0] for g in got]), expected[0])
    np.testing.assert_array_equal(np.concatenate([g[1] for g in got]), expected[1])


def test_of_a_reference_far_ahead_of_the_rows_the_oldest_samples_give_way():
    pairing = make_pairing(capacity=50)
    for i in range(100):
        pairing.push_reference(reference(10.0 + i / 100.0, n=1))
    pairing.push_times(10.005 + np.arange(98) / 100.0)
    t, moment = pairing.paired()
    assert len(t) == 98
    np.testing.assert_array_equal(np.isfinite(moment[:, 0]), t > 10.5)
