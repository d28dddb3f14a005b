from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from pipeline.errors import UserError
from pipeline.streams.base import Origin, StreamSpec
from pipeline.streams.recordings.recording import RecordedStream, Recording
from pipeline.streams.recordings.replay import replay

T = 7.0 + np.arange(300) / 100.0
T_EMG = 7.0 + np.arange(3000) / 1000.0
RECORDING = Recording(
    "r",
    {
        "emg": RecordedStream(
            ("a", "b"), "mV", 1000.0, T_EMG, np.column_stack([T_EMG, np.arange(3000.0)])
        ),
        "angles": RecordedStream(("knee",), "deg", 100.0, T, np.full((300, 1), 180.0)),
        "moments": RecordedStream(
            ("knee",), "N*m", 100.0, T, np.where(np.arange(300) % 3, 1.0, np.nan)[:, None]
        ),
    },
)
SPECS = (
    StreamSpec("emg", ("b", "a"), 1000.0),
    StreamSpec("angles", ("knee",), 100.0),
    StreamSpec("moments", ("knee",), 100.0, keep_nonfinite=True),
)


def joined(chunks, key):
    mine = [chunk for chunk in chunks if chunk.stream == key]
    return np.concatenate([c.t for c in mine]), np.concatenate([c.x for c in mine])


@given(st.floats(0.003, 5.0))
def test_all_samples_come_once_whatever_the_slices(slice_s):
    chunks = list(replay(RECORDING, SPECS, slice_s))
    t, x = joined(chunks, "emg")
    assert_array_equal(t, T_EMG)
    assert_array_equal(x[:, 0], np.arange(3000.0) * 1e-3)
    assert_array_equal(joined(chunks, "moments")[1], RECORDING.streams["moments"].x)


def test_streams_are_merged_in_time_and_in_si_units():
    chunks = list(replay(RECORDING, SPECS))
    starts = [chunk.t[0] for chunk in chunks]
    assert np.all(np.diff(starts) > -0.05)
    assert_allclose(joined(chunks, "angles")[1], np.pi)


def test_bad_samples_are_dropped_as_live_ones_are():
    x = RECORDING.streams["angles"].x.copy()
    x[10] = np.nan
    broken = replace(RECORDING.streams["angles"], x=x)
    recording = Recording("r", RECORDING.streams | {"angles": broken})
    t, x = joined(list(replay(recording, SPECS)), "angles")
    assert len(t) == 299
    assert np.isfinite(x).all()


@pytest.mark.parametrize(
    ("origin", "factor"),
    [
        (Origin("knee", factor=-1.0), -1.0),  # the sender's label is ours
        (Origin("RKneeAngles_X", factor=-1.0), 1.0),  # a recording under our names
        (Origin(1, factor=-1.0), 1.0),
    ],
)
def test_a_senders_label_is_turned_as_live_and_our_own_name_is_as_it_should_be(origin, factor):
    spec = StreamSpec("angles", ("knee",), 100.0, origins={"knee": origin})
    assert_allclose(joined(list(replay(RECORDING, (spec,))), "angles")[1], factor * np.pi)


def test_channels_of_a_recording_are_found_by_the_senders_labels_and_places():
    origins = {"left": Origin("b", factor=2.0), "right": Origin(1)}
    spec = StreamSpec("emg", ("left", "right"), 1000.0, origins=origins)
    x = joined(list(replay(RECORDING, (spec,))), "emg")[1]
    assert_allclose(x, np.column_stack([2.0 * np.arange(3000.0), T_EMG]) * 1e-3)


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        (StreamSpec("angles", ("knees",), 100.0), r"no channel 'knees' \(did you mean 'knee'"),
        (StreamSpec("angles", ("knee",), 120.0), "rate of 100 Hz, but .* says 120 Hz"),
        (StreamSpec("torque", ("knee",), 100.0), "no torque stream; it has emg, angles, moments"),
    ],
)
def test_what_does_not_fit_is_refused(spec, sentence):
    with pytest.raises(UserError, match=sentence):
        list(replay(RECORDING, (spec,)))
