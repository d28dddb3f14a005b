"""`hillstream mvc` as a lab uses it: a person who does what is said, on a real ZeroMQ stream."""

import json
import math
import re
import threading
import time
import tomllib

import numpy as np
import pytest
from guided import led

from pipeline.streams import clock
from pipeline.streams.zeromq.outlet import ZmqOutlet

pytestmark = pytest.mark.system

CHANNELS = ("DELT1", "DELT2", "DELT3", "BIClong", "BICshort", "TRIlong", "TRIlat", "TRImed")
CHANNELS += ("BRA", "BRD")
RATE_HZ, TONE_HZ = 1000, 100.0
LEVELS = {"DELT1": 8e-4, "BIClong": 5e-4, "BRD": 2e-4}
"""Amplitude of a tone in the pass band, V; the mean of its rectified value is 2 / pi of it."""
REST = 5e-6
AHEAD_S = 0.1
QUICK = ("--seconds", "2", "--rest-seconds", "1", "--pause-seconds", "0.3", "--repeats", "2")


class Person:
    """Sends tones; contracts the channel that is asked for, the second time a little less.

    No sample is of a time far beyond the step that was said: on a busy machine the person is told
    late, and the guide counts its seconds by the samples.
    """

    def __init__(self, address: str, levels: dict[str, float]) -> None:
        self._outlet = ZmqOutlet(address, "emg", CHANNELS, "V", RATE_HZ)
        self._levels = levels
        self.amplitude = np.full(len(CHANNELS), REST)
        self._sent_s, self._until_s = 0.0, math.inf
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self._thread.start()

    def obey(self, line: str) -> None:
        amplitude = np.full(len(CHANNELS), REST)
        if line.startswith("CONTRACT"):
            name = line.split()[2]
            weaker = 0.8 if "(2 of" in line else 1.0
            amplitude[CHANNELS.index(name)] = weaker * self._levels.get(name, REST)
        self.amplitude = amplitude
        told = re.search(r"\(([\d.]+) s\)$", line.rstrip())
        # Before the rest the guide may still be joining, and miss some.
        step_s = float(told[1]) if told and "Next: rest" not in line else math.inf
        self._until_s = min(self._sent_s + AHEAD_S, self._until_s) + step_s

    def _send(self) -> None:
        sent, begun = 0, clock.now()
        while not self._end.is_set():
            due = int(min(clock.now() - begun, self._until_s) * RATE_HZ)
            if due > sent:
                t = begun + np.arange(sent, due) / RATE_HZ
                tone = np.sin(2 * np.pi * TONE_HZ * t)
                self._outlet.push(t, tone[:, None] * self.amplitude)
                sent, self._sent_s = due, due / RATE_HZ
            time.sleep(0.01)  # the pace of the amplifier

    def close(self) -> None:
        self._end.set()
        self._thread.join()
        self._outlet.close()


@pytest.fixture
def lab(changed_config, ipc_address):
    """An arm whose EMG comes over ZeroMQ, with a remark of the person's own."""
    return changed_config(
        "arm",
        {
            'name = "hillstream-emg"': f'transport = "zmq"\naddress = "{ipc_address}-emg"',
            "[envelope]\n": "[envelope]   # as in the protocol of May\n",
        },
        f'[control]\naddress = "{ipc_address}-control"\n',
    )


@pytest.fixture
def person(ipc_address):
    """Those who were started, by the levels that they can reach."""
    people = []

    def start(levels: dict[str, float]) -> Person:
        people.append(Person(f"{ipc_address}-emg", levels))
        return people[-1]

    yield start
    for one in people:
        one.close()


def test_levels_are_found_and_written_beside_the_persons_own_remarks(lab, person, tmp_path):
    before, result = lab.read_text(), tmp_path / "mvc.json"
    arguments = (lab, "--channels", ",".join(LEVELS), "--baseline", *QUICK)
    status, told = led(person(LEVELS), *arguments, "--yes", "--json", result)
    assert status == 0, told
    after = lab.read_text()
    config = tomllib.loads(after)
    assert config["envelope"]["scaled_to"] == "mvc"
    for name, amplitude in LEVELS.items():
        assert config["envelope"]["mvc"][name] == pytest.approx(2 / np.pi * amplitude, rel=0.1)
    assert config["envelope"]["mvc"]["BRA"] == 4.0e-4
    resting = config["envelope"]["baseline"]
    assert resting["BRD"] == pytest.approx(REST / LEVELS["BRD"], rel=0.1)
    assert resting["BRA"] == pytest.approx(2 / np.pi * REST / 4.0e-4, rel=0.1)
    assert "[envelope]   # as in the protocol of May\n" in after
    changed = set(before.splitlines()) - set(after.splitlines())
    assert changed == {'baseline = "tracked"', *(f"{name} = 4.0e-4" for name in LEVELS)}
    found = json.loads(result.read_text())
    assert found["written"] is True
    assert found["warnings"] == []
    assert found["fallen"] == ["BRD"]


def test_a_fall_needs_a_yes_and_another_file_leaves_the_first(lab, person, tmp_path):
    before, other = lab.read_text(), tmp_path / "new.toml"
    arguments = (lab, "--channels", "BRD", *QUICK, "-o", other)
    someone = person(LEVELS)
    status, told = led(someone, *arguments)
    assert (status, other.exists()) == (2, False), told
    assert "less than half" in told
    status, told = led(someone, *arguments, "--yes")
    assert status == 0, told
    mvc = tomllib.loads(other.read_text())["envelope"]["mvc"]["BRD"]
    assert mvc == pytest.approx(2 / np.pi * LEVELS["BRD"], rel=0.1)
    assert lab.read_text() == before


def test_ctrl_c_keeps_what_was_recorded_and_says_so(lab, person):
    arguments = (lab, "--channels", "DELT1,BRA", *QUICK, "--yes")
    status, told = led(person(LEVELS), *arguments, until="READY    Relax. Next: BRA")
    assert status == 130, told
    assert "kept" in told
    mvc = tomllib.loads(lab.read_text())["envelope"]["mvc"]
    assert mvc["DELT1"] == pytest.approx(2 / np.pi * LEVELS["DELT1"], rel=0.1)
    assert mvc["BRA"] == 4.0e-4


def test_nothing_is_lost_and_nothing_written_where_no_emg_comes(lab):
    before = lab.read_text()

    class Nobody:
        def obey(self, line: str) -> None:
            assert not line.startswith("CONTRACT")

    status, told = led(Nobody(), lab, *QUICK)
    assert status == 2
    assert "No EMG has come" in told
    assert lab.read_text() == before
