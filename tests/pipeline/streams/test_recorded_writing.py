"""What is written is read again as it was."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal

from pipeline.errors import UserError
from pipeline.streams.recordings.load import load_recording
from pipeline.streams.recordings.recording import RecordedStream, Recording
from pipeline.streams.recordings.writing import write_recording

FINITE = st.floats(-1e3, 1e3, width=64)


def recording(emg, moments, units=("mV", "rad")):
    """Return streams of their own rates, of which one begins later and has a gap."""
    t = np.concatenate([np.arange(20), np.arange(30, 40)]) / 100.0 + 5.0
    angles = np.column_stack([np.sin(t), np.cos(t)])
    emg_t = np.arange(len(emg)) / 1000.0 + 4.9
    return Recording(
        "made",
        {
            "emg": RecordedStream(("SOL", "TA_ant"), units[0], 1000.0, emg_t, emg),
            "angles": RecordedStream(("hip", "knee"), units[1], 100.0, t, angles),
            "moments": RecordedStream(("knee",), "N*m", 100.0, t, moments),
        },
    )


def same(written, read):
    assert list(read.streams) == list(written.streams)
    for key, stream in written.streams.items():
        again = read.streams[key]
        assert (again.channels, again.unit) == (stream.channels, stream.unit)
        assert again.rate_hz == pytest.approx(stream.rate_hz)
        assert_array_equal(again.t, stream.t)
        assert_array_equal(again.x, stream.x)


@pytest.mark.parametrize("suffix", ["npz", "mat", "sto", "csv", "tsv"])
@given(
    emg=arrays(np.float64, (200, 2), elements=FINITE),
    moments=arrays(np.float64, (30, 1), elements=FINITE | st.just(np.nan)),
    unit=st.sampled_from(["rad", "deg"]),
)
def test_what_is_written_is_read_again(suffix, emg, moments, unit, tmp_path_factory):
    folder = tmp_path_factory.mktemp(suffix)
    written = recording(emg, moments, ("mV", unit))
    files = write_recording(written, folder / f"made.{suffix}")
    same(written, load_recording(files[0] if len(files) == 1 else folder))


def test_no_other_ending_is_written(tmp_path):
    with pytest.raises(UserError, match=r"not written as 'made\.xdf'; .* \.npz, \.mat, \.sto"):
        write_recording(recording(np.zeros((9, 2)), np.zeros((30, 1))), tmp_path / "made.xdf")


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UserError, match="a folder that exists"):
        write_recording(recording(np.zeros((9, 2)), np.zeros((30, 1))), tmp_path / "no" / "a.npz")
