"""Channels picked by name and by place, and turned into ours."""

import msgpack
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pipeline.errors import UserError
from pipeline.streams import clock
from pipeline.streams.base import Origin, StreamSpec
from pipeline.streams.channels import pick_channels
from pipeline.streams.zeromq.frames import FrameReader

OFFERED = ["EMG1", "RKneeAngles_X", "RKneeAngles_Y", "RKneeMoment", "ankle", "ankle"]


def test_a_channel_is_found_by_its_own_name_by_label_or_by_place():
    origins = {"knee": Origin("RKneeAngles_X"), "ankle": Origin(6)}
    picked = pick_channels(["ankle", "knee", "EMG1"], OFFERED, "S", origins)
    assert_array_equal(picked.single, [5, 1, 0])


def test_several_electrodes_make_one_channel_by_mean_by_pattern_or_as_a_pair():
    offered = ["HD-1", "HD-2", "HD-3", "plus", "minus"]
    origins = {
        "grid": Origin("HD-*"),
        "two": Origin(("HD-1", 3)),
        "pair": Origin("plus", minus="minus"),
        "far": Origin("HD-3", minus="minus"),  # pairs may share an electrode
    }
    picked = pick_channels(list(origins), offered, "S", origins)
    x = np.array([[1.0, 2.0, 6.0, 5.0, 4.0], [np.nan, 2.0, 6.0, 5.0, 4.0]])
    assert_allclose(picked.of(x), [[3.0, 3.5, 1.0, 2.0], [np.nan, np.nan, 1.0, 2.0]])
    assert picked.single is None


def test_labels_are_compared_without_case_and_blanks_where_only_one_can_be_meant():
    picked = pick_channels(["SOL r", "TA"], ["sol R ", "ta"], "S")
    assert_array_equal(picked.single, [0, 1])
    assert picked.note.endswith("'sol R ' for 'SOL r', 'ta' for 'TA'.")
    assert not pick_channels(["TA"], ["ta", "TA"], "S").note
    with pytest.raises(UserError, match="no channel 'TA'"):
        pick_channels(["TA"], ["ta", "Ta"], "S")


def test_brackets_in_a_pattern_stand_for_themselves():
    origins = {"SOL": Origin("EMG ? [uV]")}
    picked = pick_channels(
        ["SOL"], ["EMG 1 [uV]", "ACC 1 [g]", "EMG 2 [uV]", "EMG 3 V"], "S", origins
    )
    assert_array_equal(picked.plus[0], [0, 2])


def test_two_channels_made_of_the_same_electrodes_are_refused():
    origins = {"a": Origin(("HD-1", "HD-2")), "b": Origin("HD-?")}
    with pytest.raises(UserError, match="a and b would both come from channel 'HD-1' and 'HD-2'"):
        pick_channels(["a", "b"], ["HD-1", "HD-2"], "S", origins)


@pytest.mark.parametrize(
    ("wanted", "origins", "sentence"),
    [
        (["a"], {"a": Origin(7)}, "S has 6 channels, none at place 7; it has EMG1, RKnee"),
        (["a"], {"a": Origin("RKneeAngle_X")}, r"\(did you mean 'RKneeAngles_X'\?\)"),
        (["ankle"], {}, "more than one channel named ankle; rename them, or say by their places"),
        (["a"], {"a": Origin("HD-*")}, r"S has no channel 'HD-\*'; it has EMG1"),
        (["a"], {"a": Origin("EMG1", minus="EMG2")}, r"no channel 'EMG2' \(did you mean 'EMG1'"),
        (["a", "EMG1"], {"a": Origin(1)}, "a and EMG1 would both come from channel 'EMG1'"),
    ],
)
def test_what_cannot_be_picked_is_told(wanted, origins, sentence):
    with pytest.raises(UserError, match=sentence):
        pick_channels(wanted, OFFERED, "S", origins)


def test_a_sender_s_sign_zero_and_unit_become_ours():
    """The offset is in the configured unit, whatever unit a message states."""
    origins = {"knee": Origin("RKneeAngles_X", factor=-1.0, offset=3.0)}
    degrees = np.pi / 180
    spec = StreamSpec("angles", ("knee", "hip"), 100.0, to_si=degrees, origins=origins)
    reader = FrameReader(spec, "A stream", 0.05)
    fields = {"v": 1, "stream": "angles", "seq": 0, "rate_hz": 100.0, "t": [clock.now()]}
    channels = {"channels": ["hip", "RKneeAngles_X"], "unit": "rad", "x": [[0.2, 1.0]]}
    chunk = reader.read(b"angles " + msgpack.packb(fields | channels))
    assert_allclose(chunk.x, [[-1.0 + 3.0 * degrees, 0.2]])
