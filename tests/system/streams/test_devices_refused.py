"""Senders as devices are, over real LSL: what cannot be taken is refused with what mends it."""

import pytest
from devices import Device, Sender, set_up

from daemon.diagnostics.discovery import compare
from daemon.diagnostics.verdict import StreamVerdict

pytestmark = pytest.mark.system
MUSCLES = ("SOL", "TA", "VL")
DOUBLED = ("EMG", "EMG", "TA", "VL")


def test_emg_without_labels_is_refused_until_places_are_told(refused):
    table = 'rate_hz = 2000\nunit = "V"\nchannels = ["SOL", "TA"]'
    note = refused("emg", table, Device(4, 2000.0))
    assert "states no channel labels" in note
    assert note.endswith(
        "say in [streams.emg.from] which of its 4 channels are meant, by place from 1, such as "
        "SOL = 1."
    )


def test_emg_in_microvolts_is_refused_by_a_set_up_in_volts(refused):
    table = 'rate_hz = 2000\nunit = "V"\nchannels = ["SOL", "TA"]'
    note = refused("emg", table, Device(MUSCLES, 2000.0, unit="µV"))
    assert "states the unit µV for channel 'SOL', but the configuration says V" in note
    assert note.endswith('set streams.emg.unit = "uV", or correct the sender.')


def test_counts_of_which_the_set_up_says_nothing_are_refused(refused):
    table = 'rate_hz = 2000\nunit = "V"\nchannels = ["SOL"]'
    note = refused("emg", table, Device(MUSCLES, 2000.0, unit="counts", kind="int16"))
    assert 'set streams.emg.unit = "counts" and streams.emg.volts_per_count' in note


def test_text_is_refused(refused):
    note = refused(
        "emg",
        'rate_hz = 100\nunit = "V"\nchannels = ["SOL"]',
        Device(MUSCLES, 100.0, kind="string"),
    )
    assert note.endswith("carries text, not samples; name another stream.")


def test_a_wanted_label_that_occurs_twice_is_refused(refused):
    table = 'rate_hz = 1000\nunit = "V"\nchannels = ["EMG", "VL"]'
    note = refused("emg", table, Device(DOUBLED, 1000.0))
    assert "has more than one channel named EMG; rename them, or say by their places" in note


def test_labels_that_only_differ_in_case_are_refused_where_either_could_be_meant(refused):
    table = 'rate_hz = 1000\nunit = "V"\nchannels = ["Sol"]'
    note = refused("emg", table, Device(("SOL", "sol ", "TA"), 1000.0))
    assert "no channel 'Sol' (without case and blanks it could be 'SOL' or 'sol ')" in note
    assert note.endswith("a table 'from' says which is meant where it is called otherwise.")


def test_streams_refuses_a_device_with_the_same_sentence(opened, unique_name):
    sender = opened(Sender(unique_name, Device(MUSCLES, 2000.0, unit="mV")))
    sender.start()
    table = f'name = "{unique_name}"\nrate_hz = 2000\nunit = "uV"\nchannels = ["TA"]'
    finding = next(one for one in compare(set_up(emg=table)) if one.key == "emg")
    assert finding.verdict is StreamVerdict.REFUSED
    assert finding.detail == (
        f"LSL stream '{unique_name}' states the unit mV for channel 'TA', but the configuration "
        'says uV; set streams.emg.unit = "mV", or correct the sender.'
    )
