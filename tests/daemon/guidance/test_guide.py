"""The steps of a guided recording, driven by samples alone, and what it finds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.guidance.findings import findings
from daemon.guidance.guide import Guide
from daemon.guidance.steps import Kind, steps
from pipeline.emg.envelope import Envelope
from pipeline.streams.base import Chunk

CHANNELS = ["SOL", "TA", "GAS"]
RATE_HZ = 100.0
REST, FULL = 0.02, 1.0


class Person:
    """Three ready envelopes; each channel reaches its level when it is asked for."""

    def __init__(self, by_time: bool = True, pause_s: float = 1.0) -> None:
        envelope = Envelope(
            CHANNELS, RATE_HZ, "envelope", (30, 300), 3, 5.0, 2, {}, "none", max_gap_s=0.03
        )
        self.guide = Guide(steps(CHANNELS, 2, 2.0, 3.0, pause_s), envelope, by_time=by_time)
        self.t = 50.0

    def feel(self, seconds: float, **levels: float) -> None:
        """Send some seconds of these levels, in one piece."""
        n = round(seconds * RATE_HZ)
        t = self.t + np.arange(n) / RATE_HZ
        self.t += n / RATE_HZ
        held = np.array([levels.get(name, REST) for name in CHANNELS])
        wobble = 1.0 + 0.01 * np.sin(40.0 * t)[:, None]
        self.guide.take(Chunk("emg", t, held * wobble))

    def do_all(self, asked: dict[str, dict[str, float]]) -> None:
        """Do what is said, sample by sample, until it is over."""
        while not self.guide.done:
            step = self.guide.step
            levels = asked.get(step.channel, {}) if step.kind is Kind.EFFORT else {}
            self.feel(0.01, **levels)

    def found(self):
        return findings(CHANNELS, self.guide.takes, self.guide.missed)


def asked(**more: dict[str, float]) -> dict[str, dict[str, float]]:
    return {name: {name: FULL} for name in CHANNELS} | more


def test_rest_then_each_channel_and_time_alone_leads_on():
    person = Person()
    person.do_all(asked())
    takes = [(t.step.kind, t.step.channel, t.step.repeat) for t in person.guide.takes]
    efforts = [(Kind.EFFORT, name, repeat) for name in CHANNELS for repeat in (1, 2)]
    assert takes == [(Kind.REST, None, 0), *efforts]
    assert [t.levels.seconds for t in person.guide.takes] == pytest.approx([3.0] + [2.0] * 6)
    found = person.found()
    assert found.mvc == pytest.approx(dict.fromkeys(CHANNELS, FULL), rel=0.02)
    assert found.rest == pytest.approx(dict.fromkeys(CHANNELS, REST), rel=0.02)
    assert found.warnings == []


@given(cuts=st.lists(st.integers(1, 400), min_size=1, max_size=40))
def test_it_does_not_matter_how_the_samples_are_cut(cuts):
    whole, cut = Person(), Person()
    n = round(23.0 * RATE_HZ)
    t = 50.0 + np.arange(n) / RATE_HZ
    x = np.abs(np.sin(np.outer(t, [0.3, 0.7, 1.1])))
    whole.guide.take(Chunk("emg", t, x))
    at = 0
    for size in [*cuts, n]:
        cut.guide.take(Chunk("emg", t[at : at + size], x[at : at + size]))
        at += size
    assert whole.guide.done
    assert cut.guide.done
    for one, other in zip(whole.guide.takes, cut.guide.takes, strict=True):
        assert one.step == other.step
        np.testing.assert_array_equal(one.levels.highest, other.levels.highest)


def test_by_key_a_pause_lasts_until_enter_and_r_repeats_the_last():
    person = Person(by_time=False)
    person.feel(20.0)
    assert (person.guide.step.kind, person.guide.takes) == (Kind.READY, [])
    person.guide.again()  # there is nothing to repeat
    person.guide.go_on()
    person.guide.go_on()  # a recording is not cut short
    person.feel(3.1)
    person.guide.go_on()
    person.feel(2.1, SOL=0.3)
    assert [take.step.channel for take in person.guide.takes] == [None, "SOL"]
    person.guide.again()
    assert [take.step.channel for take in person.guide.takes] == [None]
    assert (person.guide.step.channel, person.guide.step.repeat) == ("SOL", 1)
    person.guide.go_on()
    person.feel(2.1, SOL=0.9)
    assert person.guide.best[0] == pytest.approx(0.9, rel=0.02)
    for _ in range(5):
        person.guide.go_on()
        person.feel(2.1)
    assert person.guide.step.kind is Kind.END
    assert not person.guide.done
    person.guide.go_on()
    assert person.guide.done


@pytest.mark.parametrize(
    ("levels", "said", "mvc_of_sol"),
    [
        ({"SOL": 0.03}, "SOL was not clearly activated", None),
        ({"SOL": 0.06}, "SOL is loud at rest, 33% of its maximum", 0.06),
        ({"SOL": FULL, "TA": 1.3}, "TA was louder while SOL contracted (130%", FULL),
    ],
)
def test_what_is_odd_is_told(levels, said, mvc_of_sol):
    person = Person()
    person.do_all(asked(SOL=levels))
    found = person.found()
    assert [said in warning for warning in found.warnings] == [True]
    assert found.mvc.get("SOL") == (mvc_of_sol and pytest.approx(mvc_of_sol, rel=0.02))


def test_the_channel_that_is_louder_for_another_gets_the_higher_level():
    person = Person()
    person.do_all(asked(SOL={"SOL": FULL, "TA": 1.3}))
    assert person.found().mvc["TA"] == pytest.approx(1.3, rel=0.02)


def test_a_flat_channel_is_named_and_gets_no_value():
    person = Person()
    n = round(30.0 * RATE_HZ)
    t = 50.0 + np.arange(n) / RATE_HZ
    x = np.abs(np.sin(np.outer(t, [3.0, 7.0, 11.0])))
    x[:, 1] = 0.0
    person.guide.take(Chunk("emg", t, x))
    found = person.found()
    assert any("TA is flat" in warning for warning in found.warnings)
    assert "TA" not in found.mvc


def test_a_gap_is_told_and_what_is_too_short_does_not_count():
    person = Person()
    person.feel(1.0 + 3.0 + 1.0)
    person.feel(0.2, SOL=FULL)
    person.t += 5.0  # the sender is away; the pause after it is a whole one
    person.feel(1.0)
    person.feel(1.0, SOL=FULL)
    person.t += 2.0
    person.feel(0.5)
    found = person.found()
    assert "Contraction 1 of SOL has too little EMG" in "\n".join(found.warnings)
    assert "Contraction 2 of SOL has only 1.0 s of EMG of 2 s" in "\n".join(found.warnings)
    assert found.mvc["SOL"] == pytest.approx(FULL, rel=0.02)


def test_without_rest_there_is_no_resting_level():
    found = findings(CHANNELS, [])
    assert (found.mvc, found.rest, found.warnings) == ({}, {}, [])
