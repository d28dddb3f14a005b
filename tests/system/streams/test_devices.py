"""Senders as devices are, over real LSL: every sample is taken, at its time and in SI units."""

import numpy as np
import pytest
from devices import Device
from numpy.testing import assert_allclose

pytestmark = pytest.mark.system


def assert_whole(pair, columns, factor=1.0):
    """Compare every sample with what was sent from the first on: none is lost, moved or changed."""
    sender, listener = pair
    sent = sender.device.rows(0, listener.count)[:, columns]
    assert_allclose(listener.x, factor * sent, rtol=1e-12)
    if sender.device.stamps == "own":
        assert_allclose(listener.t, sender.true_times(listener.count), atol=1e-6)


TRIGNO = 2148.148


@pytest.mark.parametrize(
    ("stamps", "nominal_hz", "note"),
    [
        ("none", None, ""),
        ("chunk", None, ""),
        ("none", 0.0, "states no rate; 2148.15 Hz is taken from the configuration."),
    ],
    ids=["unstamped", "one stamp a chunk", "no rate"],
)
def test_emg_in_chunks_stamped_on_arrival_without_labels(
    taken, unique_name, stamps, nominal_hz, note
):
    device = Device(4, TRIGNO, nominal_hz, chunk=27, step=2.0**-20, stamps=stamps, jitter_s=0.003)
    table = """
    rate_hz = 2148.148
    unit = "V"
    channels = ["SOL", "TA"]
    from = { SOL = 3, TA = 1 }
    """
    note = note and f"LSL stream '{unique_name}' {note}"
    pair = taken("emg", table, device, note, seconds=2.2)  # until a rate is measured
    assert_whole(pair, [2, 0])


@pytest.mark.parametrize("nominal_hz", [None, 0.0], ids=["rate", "no rate"])
def test_emg_that_a_radio_link_holds_back_for_a_second_is_all_there(taken, unique_name, nominal_hz):
    device = Device(
        4, TRIGNO, nominal_hz, chunk=27, step=2.0**-20, stamps="none", held_s=(0.5, 1.5)
    )
    table = """
    rate_hz = 2148.148
    unit = "V"
    channels = ["TA"]
    from = { TA = 2 }
    """
    note = (
        "" if nominal_hz is None else "states no rate; 2148.15 Hz is taken from the configuration."
    )
    note = note and f"LSL stream '{unique_name}' {note}"
    pair = taken("emg", table, device, note, seconds=2.5)
    assert_whole(pair, [1])


MUSCLES = ("SOL", "TA", "VL")


def test_emg_in_microvolts_comes_in_volts(taken):
    device = Device(MUSCLES, 2000.0, unit="microvolts")
    table = 'rate_hz = 2000\nunit = "uV"\nchannels = ["VL", "SOL"]'
    pair = taken("emg", table, device)
    assert_whole(pair, [2, 0], 1e-6)


GRIDS = tuple(f"HD{grid}-{row:02d}" for grid in range(1, 7) for row in range(1, 69))
TEN = tuple(f"HD{1 + k % 6}-{7 + 6 * k:02d}" for k in range(10))


def test_ten_of_408_electrodes_by_name(taken):
    device = Device(GRIDS, 2048.0, unit="mV", chunk=64)
    table = f'rate_hz = 2048\nunit = "mV"\nchannels = {list(TEN)}'
    pair = taken("emg", table, device)
    assert_whole(pair, [GRIDS.index(label) for label in TEN], 1e-3)


def test_ten_of_408_electrodes_by_pattern_list_place_and_pair(taken):
    device = Device(GRIDS, 2048.0, unit="mV", chunk=64)
    table = """
    rate_hz = 2048
    unit = "mV"
    channels = ["SOL", "GM", "GL", "TA", "VL", "VM", "HD3-10", "RF", "BF", "ST"]
    [from]
    SOL = "HD1-0*"
    GM = ["HD2-01", "HD2-02", "HD2-04"]
    GL = 408
    TA = { channel = "HD3-01", minus = "HD3-03" }
    VL = { channel = "HD4-6?", minus = "HD4-01" }
    VM = { channel = 200, factor = -2.0, offset = 5.0 }
    RF = "HD5-17"
    BF = 1
    ST = "HD6-*"
    """
    pair = taken("emg", table, device)
    _, listener = pair
    sent = dict(zip(GRIDS, device.rows(0, listener.count).T, strict=True))

    def mean(grid, rows):
        return np.mean([sent[f"HD{grid}-{row:02d}"] for row in rows], axis=0)

    wanted = [
        mean(1, range(1, 10)),
        mean(2, [1, 2, 4]),
        sent[GRIDS[407]],
        sent["HD3-01"] - sent["HD3-03"],
        mean(4, range(60, 69)) - sent["HD4-01"],
        -2.0 * sent[GRIDS[199]] + 5.0,
        sent["HD3-10"],
        sent["HD5-17"],
        sent[GRIDS[0]],
        mean(6, range(1, 69)),
    ]
    assert_allclose(listener.x, 1e-3 * np.transpose(wanted), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("stated", ["", "ADC counts"])
def test_counts_of_a_converter_become_volts(taken, stated):
    device = Device(MUSCLES, 2000.0, unit=stated, kind="int16")
    table = """
    rate_hz = 2000
    unit = "counts"
    volts_per_count = 2.5e-7
    channels = ["SOL", "TA", "VL"]
    """
    pair = taken("emg", table, device)
    assert_whole(pair, [0, 1, 2], 2.5e-7)


@pytest.mark.parametrize("kind", ["double64", "int32"])
def test_wider_numbers_are_taken_as_they_are(taken, kind):
    device = Device(MUSCLES, 1000.0, unit="nV", kind=kind)
    pair = taken("emg", 'rate_hz = 1000\nunit = "nV"\nchannels = ["TA"]', device)
    assert_whole(pair, [1], 1e-9)


def test_a_device_that_states_no_rate_is_taken_and_told_of(taken, unique_name):
    device = Device(MUSCLES, 1000.0, nominal_hz=0.0, unit="mV")
    table = 'rate_hz = 1000\nunit = "mV"\nchannels = ["SOL", "VL"]'
    told = f"LSL stream '{unique_name}' states no rate; 1000 Hz is taken from the configuration."
    pair = taken("emg", table, device, told)
    assert_whole(pair, [0, 2], 1e-3)


def test_labels_in_another_case_and_with_blanks_are_taken_and_said(taken, caplog):
    device = Device(("Sol ", " tib ANT", "VL"), 1000.0, unit=" MV ")
    table = 'rate_hz = 1000\nunit = "mV"\nchannels = ["TibAnt", "VL", "SOL"]'
    pair = taken("emg", table, device)
    assert_whole(pair, [1, 2, 0], 1e-3)
    said = "Labels were compared without case and blanks: ' tib ANT' for 'TibAnt', 'Sol ' for 'SOL'"
    assert said in caplog.text


def test_labels_that_a_device_calls_names_are_labels(taken):
    device = Device(MUSCLES, 1000.0, unit="mV", label_tag="name")
    pair = taken("emg", 'rate_hz = 1000\nunit = "mV"\nchannels = ["VL", "SOL"]', device)
    assert_whole(pair, [2, 0], 1e-3)


DOUBLED = ("EMG", "EMG", "TA", "VL")


def test_labels_that_occur_twice_do_no_harm_where_nobody_wants_them(taken):
    device = Device(DOUBLED, 1000.0)
    pair = taken("emg", 'rate_hz = 1000\nunit = "1"\nchannels = ["VL", "TA"]', device)
    assert_whole(pair, [3, 2])


def test_a_wanted_label_that_occurs_twice_is_taken_by_its_place(taken):
    device = Device(DOUBLED, 1000.0)
    table = 'rate_hz = 1000\nunit = "V"\nchannels = ["EMG", "VL"]\nfrom = { EMG = 2 }'
    pair = taken("emg", table, device)
    assert_whole(pair, [1, 3])


LEG = ["hip_flexion_r", "knee_angle_r", "ankle_angle_r"]
DEGREES = np.pi / 180


def test_angles_that_are_under_way_for_30_ms_keep_their_stamps(taken):
    device = Device(LEG, 100.0, unit="deg", step=2.0**-6, chunk=1, lag_s=0.03, jitter_s=0.005)
    table = f'rate_hz = 100\nunit = "deg"\nchannels = {LEG}'
    pair = taken("angles", table, device)
    assert_whole(pair, [0, 1, 2], DEGREES)


def test_angles_stamped_on_arrival_come_near_their_true_times(taken):
    device = Device(LEG, 100.0, step=2.0**-6, chunk=1, stamps="chunk", lag_s=0.03, jitter_s=0.005)
    table = f'rate_hz = 100\nunit = "deg"\nchannels = {LEG}\nlatency_s = 0.03'
    pair = taken("angles", table, device)
    assert_whole(pair, [0, 1, 2], DEGREES)
    sender, listener = pair
    off = listener.t - sender.true_times(listener.count)
    assert np.abs(off).max() < 0.02
    assert np.abs(np.mean(off)) < 0.005


def test_four_of_sixty_coordinates(taken):
    labels = [f"coordinate_{k}" for k in range(60)]
    wanted = [*LEG, "subtalar_angle_r"]
    for place, name in zip((41, 7, 8, 59), wanted, strict=True):
        labels[place] = name
    device = Device(labels, 200.0, unit="Degrees", step=2.0**-6, chunk=2)
    table = f'rate_hz = 200\nunit = "deg"\nchannels = {wanted}'
    pair = taken("angles", table, device)
    assert_whole(pair, [41, 7, 8, 59], DEGREES)


@pytest.mark.parametrize(("stated", "factor"), [("Nm", 1.0), ("N.mm", 1e-3)])
def test_moments_at_1000_hz(taken, stated, factor):
    device = Device(LEG[::-1], 1000.0, unit=stated, kind="double64", chunk=10)
    table = f'rate_hz = 1000\nunit = "{stated}"\nchannels = {LEG}'
    pair = taken("moments", table, device)
    assert_whole(pair, [2, 1, 0], factor)


def test_moments_that_come_late_are_told_of(taken):
    device = Device(LEG, 100.0, unit="N*m", chunk=1, lag_s=1.5)
    note = "The moments stream arrives 1.5 s late; it is paired by its stamps."
    pair = taken("moments", f'rate_hz = 100\nunit = "N*m"\nchannels = {LEG}', device, note)
    assert_whole(pair, [0, 1, 2])
