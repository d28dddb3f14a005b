"""XDF files as they really come: own outlets, twins, missing labels and units."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from xdf_writer import write_xdf

from pipeline.errors import UserError
from pipeline.streams.own import own_source_id
from pipeline.streams.recordings.load import KnownStream, load_recording

T = 3.0 + np.arange(50) / 100.0
KNEE = np.column_stack([np.sin(T), np.cos(T)])


def stream(name, kind, unit, channels=("a", "b"), **changes):
    made = {"name": name, "type": kind, "unit": unit, "channels": channels, "rate_hz": 100}
    return made | {"t": T, "x": KNEE} | changes


@pytest.fixture
def xdf(tmp_path):
    def write(*streams):
        write_xdf(tmp_path / "r.xdf", streams)
        return tmp_path / "r.xdf"

    return write


def own(name, kind, **changes):
    full = f"hillstream-{name}"
    return stream(full, kind, "N*m", source_id=own_source_id(full), **changes)


def test_predicted_moments_are_no_reference(xdf):
    run = [
        stream("hillstream-emg", "EMG", "V"),
        stream("hillstream-angles", "JointAngle", "rad"),
        own("predicted-moments", "JointMoment", x=99 * KNEE),
        own("parameters", "MuscleParameters", rate_hz=0),
    ]
    assert list(load_recording(xdf(*run)).streams) == ["emg", "angles"]
    path = xdf(*run, stream("hillstream-moments", "JointMoment", "N*m"))
    assert_array_equal(load_recording(path).streams["moments"].x, KNEE)
    with pytest.raises(UserError, match="no stream 'hillstream-predicted-moments'"):
        load_recording(f"{path},moments=hillstream-predicted-moments")
    renamed = stream("mine-predicted-moments", "JointMoment", "N*m")
    assert list(load_recording(xdf(*run[:2], renamed)).streams) == ["emg", "angles"]


def test_names_and_source_ids_of_the_set_up_count_in_a_file(xdf):
    path = xdf(
        stream("Trigno", "EMG", "mV", source_id="left"),
        stream("Trigno", "EMG", "V", source_id="right"),
        stream("Qualisys", "MoCap", "deg"),
    )
    known = {"emg": KnownStream("Trigno", "right"), "angles": KnownStream("Qualisys")}
    streams = load_recording(path, known).streams
    assert {key: s.unit for key, s in streams.items()} == {"emg": "V", "angles": "deg"}
    with pytest.raises(UserError, match=r"source_id 'left', stream 1.*source_id 'right', stream 2"):
        load_recording(path, {"emg": KnownStream("Trigno")})


@pytest.mark.parametrize(("by_hand", "unit"), [("left", "mV"), ("right", "V"), ("2", "V")])
def test_two_devices_of_one_name_are_told_apart_by_hand(xdf, by_hand, unit):
    path = xdf(
        stream("Trigno", "EMG", "mV", source_id="left"),
        stream("Trigno", "EMG", "V", source_id="right"),
    )
    assert load_recording(f"{path},emg={by_hand}").streams["emg"].unit == unit


def test_the_set_ups_channels_tell_two_devices_apart(xdf):
    path = xdf(stream("one", "EMG", "mV"), stream("two", "EMG", "V", ("SOL", "TA")))
    emg = load_recording(path, {"emg": KnownStream(channels=("TA",))}).streams["emg"]
    assert emg.channels == ("SOL", "TA")


def test_a_set_up_is_not_asked_for_roles_it_does_not_have(xdf):
    path = xdf(
        stream("emg", "EMG", "V"),
        stream("one", "JointAcceleration", "rad/s^2"),
        stream("two", "JointAcceleration", "rad/s^2"),
    )
    assert list(load_recording(path, {"emg": KnownStream("emg")}).streams) == ["emg"]


def test_units_and_places_of_the_set_up_stand_in_for_what_a_device_does_not_say(xdf, caplog):
    path = xdf(stream("Delsys", "EMG", "", ("", "")))
    known = {"emg": KnownStream("Delsys", unit="uV", channels=("SOL", "TA"))}
    emg = load_recording(path, known).streams["emg"]
    assert (emg.unit, emg.channels) == ("uV", ("SOL", "TA"))
    assert "have no labels; they are taken in the set-up's order: SOL, TA" in caplog.text


@pytest.mark.parametrize("channels", [("SOL",), ("SOL", "TA", "GAS")])
def test_places_are_not_guessed_where_the_count_does_not_fit(xdf, channels):
    path = xdf(stream("Delsys", "EMG", "V", ("", "")))
    emg = load_recording(path, {"emg": KnownStream("Delsys", channels=channels)}).streams["emg"]
    assert emg.channels == ("1", "2")


def test_a_stream_without_any_description_takes_the_set_ups(xdf):
    path = xdf(stream("Delsys", "EMG", "", ()))
    known = {"emg": KnownStream("Delsys", unit="mV", channels=("SOL", "TA"))}
    emg = load_recording(path, known).streams["emg"]
    assert (emg.unit, emg.channels) == ("mV", ("SOL", "TA"))


def test_a_stated_unit_goes_before_the_set_ups(xdf):
    path = xdf(stream("Delsys", "EMG", "mV"))
    assert load_recording(path, {"emg": KnownStream(unit="V")}).streams["emg"].unit == "mV"


def test_a_stream_that_was_interrupted_is_joined(shared_cases):
    emg = load_recording(shared_cases / "xdf" / "twice.xdf").streams["emg"]
    assert emg.x.shape == (1700, 2)
    assert (emg.t[0], emg.t[899], emg.t[900]) == pytest.approx((100.0, 100.899, 101.2))


@pytest.mark.parametrize(
    "changes",
    [
        {"source_id": "s"},  # at the same time
        {"t": T + 1, "source_id": ""},
        {"t": T + 1, "source_id": "other"},
        {"t": T + 1, "source_id": "s", "channels": ("b", "a")},
    ],
)
def test_what_is_not_one_stream_for_sure_is_not_joined(xdf, changes):
    first = stream("Delsys", "EMG", "V", source_id=changes["source_id"] and "s")
    path = xdf(first, stream("Delsys", "EMG", "V") | changes)
    with pytest.raises(UserError, match="several streams that may be emg"):
        load_recording(path)


def test_an_empty_twin_is_ignored(shared_cases, caplog):
    emg = load_recording(shared_cases / "xdf" / "empty_twin.xdf").streams["emg"]
    assert emg.x.shape == (2000, 2)
    assert "stream 1) of" in caplog.text
    assert "has no samples; it is left out" in caplog.text


def test_a_label_given_twice_is_refused(shared_cases):
    with pytest.raises(UserError, match=r"channel of stream 'Delsys' .* is labelled 'EMG'"):
        load_recording(shared_cases / "xdf" / "duplabel.xdf")


def test_a_label_given_twice_does_no_harm_beside_the_wanted_ones(xdf):
    path = xdf(
        stream("Delsys", "EMG", "V", ("SOL", "AUX", "AUX"), x=np.column_stack([KNEE, KNEE[:, 0]]))
    )
    known = {"emg": KnownStream("Delsys", channels=("SOL",))}
    assert load_recording(path, known).streams["emg"].channels == ("SOL", "AUX", "AUX")
    with pytest.raises(UserError, match="labelled 'AUX'"):
        load_recording(path, {"emg": KnownStream("Delsys", channels=("SOL", "AUX"))})


def test_channels_may_be_named_by_the_tag_name(shared_cases):
    emg = load_recording(shared_cases / "xdf" / "nametag.xdf").streams["emg"]
    assert emg.channels == ("SOL", "TA")


def test_a_footer_may_state_its_count_as_it_likes(xdf):
    counted = "<first_timestamp>3.0</first_timestamp><sample_count>50.0</sample_count>"
    emg = load_recording(xdf(stream("emg", "EMG", "V", footer=counted))).streams["emg"]
    assert_array_equal(emg.x, KNEE)
    assert len(emg.t) == 50


@pytest.mark.parametrize(
    ("name", "kind", "key"),
    [
        ("AdjustedEmgs", "", "emg"),
        ("Delsys", "Electromyography", "emg"),
        ("qDDot", "", "accelerations"),
        ("JointAnglesRight", "MoCap", "angles"),
        ("exo", "Torque", "external"),
        ("ExoTorque", "", "external"),
    ],
)
def test_streams_are_recognised_by_their_words(xdf, name, kind, key):
    units = {"emg": "V", "angles": "rad", "accelerations": "rad/s^2", "external": "N*m"}
    assert list(load_recording(xdf(stream(name, kind, units[key]))).streams) == [key]
