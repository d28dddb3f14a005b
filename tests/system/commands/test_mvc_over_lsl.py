"""`hillstream mvc` with an amplifier on LSL: microvolts, in chunks, no labels, others' channels."""

import tomllib
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np
import pytest
from devices import Device, Sender
from guided import led

pytestmark = pytest.mark.system

PLACES = {"DELT1": 12, "BIClong": 3, "BRD": 1}
"""Of those who contract, among 16 channels of the amplifier, from 1."""
OTHERS = ("DELT2", "DELT3", "BICshort", "TRIlong", "TRIlat", "TRImed", "BRA")
PLACES |= {name: 4 + place for place, name in enumerate(OTHERS)}
LEVELS_UV = {"DELT1": 800.0, "BIClong": 500.0, "BRD": 200.0}
REST_UV = 5.0
UNUSED_UV = 5000.0
RATE_HZ, TONE_HZ = 2148.148, 100.0
QUICK = ("--seconds", "4", "--rest-seconds", "1", "--pause-seconds", "0.3", "--repeats", "1")


@dataclass(frozen=True)
class Amplifier(Device):
    """Sends a tone in the pass band of the envelope, of an amplitude for each channel, uV."""

    amplitude: np.ndarray = field(default_factory=lambda: np.full(16, UNUSED_UV))

    def rows(self, first, count):
        t = (first + np.arange(count)) / self.rate_hz
        return np.sin(2 * np.pi * TONE_HZ * t)[:, None] * self.amplitude


class Person:
    """Contracts the muscle that a line asks for, and no other; the unused channels stay loud."""

    def __init__(self, amplifier):
        self._amplitude = amplifier.amplitude
        self.obey("")

    def obey(self, line):
        for name, place in PLACES.items():
            asked = line.startswith("CONTRACT") and line.split()[2] == name
            self._amplitude[place - 1] = LEVELS_UV[name] if asked else REST_UV


@pytest.fixture
def lab(changed_config, unique_name):
    """An arm whose EMG comes from such an amplifier, with a table ``from`` or without."""

    def write(table):
        changes = {
            'name = "hillstream-emg"\nrate_hz = 1000\nunit = "V"': (
                f'name = "{unique_name}"\nrate_hz = {RATE_HZ}\nunit = "uV"'
            )
        }
        return changed_config("arm", changes, table)

    return write


@pytest.fixture
def person(unique_name):
    """Whoever is wired to the amplifier, which sends already."""
    amplifier = Amplifier(16, RATE_HZ, chunk=27, stamps="none")
    with closing(Sender(unique_name, amplifier)) as sender:
        sender.start()
        yield Person(amplifier)


def test_levels_come_from_the_places_of_the_table_in_volts(lab, person):
    table = "\n".join(f"{name} = {place}" for name, place in PLACES.items())
    setup = lab(f"[streams.emg.from]\n{table}\n")
    status, told = led(person, setup, "--channels", ",".join(LEVELS_UV), *QUICK, "--yes", "--alone")
    assert status == 0, told
    mvc = tomllib.loads(setup.read_text())["envelope"]["mvc"]
    for name, amplitude_uv in LEVELS_UV.items():
        assert mvc[name] == pytest.approx(2 / np.pi * 1e-6 * amplitude_uv, rel=0.1)
    assert {mvc[name] for name in OTHERS} == {4.0e-4}


def test_a_refused_amplifier_is_told_with_what_mends_it_and_nothing_is_written(lab, person):
    setup = lab("")
    before = setup.read_text()
    status, told = led(person, setup, *QUICK, "--yes", "--alone")
    assert status == 2
    words = " ".join(told.split())
    assert "No EMG has come" in words
    assert "by place from 1, such as DELT1 = 1. See 'hillstream streams'" in words
    assert setup.read_text() == before
