"""Fatigue is what has both signs; everything else is called what it is."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from drifting import ramp, session, steady

from daemon.report.activity import Activity
from daemon.report.drifting import Drifting
from daemon.report.fatigue import judged
from daemon.report.verdict import FatigueVerdict, Kind
from daemon.report.words import clock, percent

SECONDS = 300
MUSCLES = ("DELT1", "BRA", "BRD")


def activity(
    frequency: float = 1.0,
    gain: float = 1.0,
    ramp_s: tuple[float, float] = (120.0, 240.0),
    seed: int = 1,
) -> Activity:
    """EMG whose frequency and amplitude go to a share of what they were."""
    rng = np.random.default_rng(seed)
    t = np.arange(1.0, SECONDS)
    done = np.clip((t - ramp_s[0]) / max(ramp_s[1] - ramp_s[0], 1e-9), 0.0, 1.0)
    effort = rng.choice([0.02, 0.3, 0.5], len(t))
    return Activity(
        t,
        4e-4 * effort * gain**done * np.exp(0.2 * rng.standard_normal(len(t))),
        95.0 * (1 + (frequency - 1) * done) * np.exp(0.08 * rng.standard_normal(len(t))),
        rng.uniform(0.8, 1.1, len(t)),
    )


def verdict(
    force: Callable[[Any], Any] = steady, alike: bool = False, **emg: Any
) -> FatigueVerdict:
    """Return the verdict on the first of three muscles, whose force follows a course."""
    told = session([force, steady, steady], SECONDS, alike=[(0, 2)] if alike else [])[40:]
    activities = {MUSCLES[0]: activity(**emg), "BRA": activity(seed=2), "BRD": activity(seed=3)}
    found = judged(Drifting(MUSCLES, told, {}), activities)
    assert found[1].kind is Kind.STABLE
    assert found[2].kind is (Kind.NOT_IDENTIFIABLE if alike else Kind.STABLE)
    return found[0]


@pytest.mark.parametrize(
    ("force", "emg", "kind", "words"),
    [
        (steady, {}, Kind.STABLE, "No change of force for the same EMG stands out"),
        (steady, {"frequency": 0.8}, Kind.STABLE, "All the same, the median frequency"),
        (ramp(120, 240, -0.25), {"frequency": 0.8}, Kind.FATIGUE, "fell by 2"),
        (ramp(180, 180, -0.3), {"gain": 1.45, "ramp_s": (180, 180)}, Kind.ELECTRODE, "rose"),
        (ramp(120, 240, 0.4), {"gain": 0.7}, Kind.ELECTRODE, "amplitude of its EMG fell"),
        (ramp(180, 182, -0.25), {}, Kind.ELECTRODE, "all at once"),
        (ramp(120, 240, -0.25), {}, Kind.UNEXPLAINED, "nothing in its EMG explains"),
        (ramp(120, 240, -0.25), {"frequency": 1.2}, Kind.UNEXPLAINED, "of its EMG rose"),
    ],
)
def test_each_is_called_what_it_is(
    force: Callable[[Any], Any], emg: dict[str, Any], kind: Kind, words: str
) -> None:
    found = verdict(force, **emg)
    assert found.kind is kind
    assert words in found.sentence


def test_the_numbers_are_those_of_the_muscle() -> None:
    found = verdict(ramp(120, 240, -0.25), frequency=0.8)
    assert found.evidence is not None
    assert found.evidence.change is not None
    assert found.evidence.change.share.value == pytest.approx(-0.25, abs=0.03)
    assert found.evidence.change.onset[0] == pytest.approx(120, abs=15)
    assert found.evidence.frequency_hz == pytest.approx((95, 76), rel=0.04)
    assert json.loads(json.dumps(found.figures()))["kind"] == "consistent with fatigue"


def test_what_came_back_is_told() -> None:
    def force(t: Any) -> Any:
        return ramp(60, 120, -0.3)(t) - 1 + ramp(160, 220, 0.15)(t)

    found = verdict(force, frequency=0.75, ramp_s=(60, 120))
    assert found.evidence is not None
    assert found.evidence.change is not None
    assert found.evidence.change.regained is not None
    assert found.evidence.change.regained.value == pytest.approx(0.15, abs=0.04)
    assert "It regained 1" in found.sentence


def test_muscles_that_do_the_same_are_judged_together() -> None:
    found = verdict(ramp(120, 240, -0.3), alike=True, frequency=0.8)
    assert found.together == ("DELT1", "BRD")
    assert found.kind is Kind.FATIGUE
    assert "together, which of them is not known" in found.sentence
    assert found.evidence is not None
    assert found.evidence.force.value == pytest.approx(-0.3 / 2.1, abs=0.03)


def test_the_frequency_is_judged_beside_amplitude_and_length() -> None:
    """Of a muscle that is driven harder its frequency rises: that is not time's."""
    one = activity()
    beside = np.log(one.amplitude) * 0.2 + 0.5 * (one.fibre_length - 1.0)
    done = np.clip((one.t - 120.0) / 120.0, 0.0, 1.0)
    louder = one._replace(
        amplitude=one.amplitude * np.exp(0.5 * done),
        median_hz=95.0 * np.exp(beside + 0.1 * done - np.mean(beside)),
    )
    found = louder.frequency(done, 2.0)
    assert found is not None
    assert found[0].value == pytest.approx(0.0, abs=0.03)


def test_without_frequency_nothing_is_fatigue() -> None:
    told = session([ramp(120, 240, -0.25), steady, steady], SECONDS)[40:]
    deaf = activity()._replace(median_hz=np.full(SECONDS - 1, np.nan))
    found = judged(Drifting(MUSCLES, told, {}), {"DELT1": deaf})
    assert found[0].kind is Kind.UNEXPLAINED
    assert "frequency of its EMG is not known" in found[0].sentence


def test_a_short_session_tells_nothing() -> None:
    told = session([steady] * 3, 30)
    (found,) = judged(Drifting(MUSCLES, told, {}), {"DELT1": activity()})
    assert found.kind is Kind.NOT_IDENTIFIABLE
    assert found.evidence is None


def test_quiet_seconds_are_not_asked_for_their_frequency() -> None:
    assert 0.5 < activity().active.mean() < 0.8


def test_percent() -> None:
    assert [percent(x, signed=True) for x in (0.251, -0.25, -0.001)] == ["+25 %", "−25 %", "0 %"]
    assert percent(0.25) == "25 %"


def test_clock() -> None:
    assert [clock(s) for s in (0, 59.6, 125)] == ["0:00", "1:00", "2:05"]
