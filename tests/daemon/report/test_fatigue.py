"""Fatigue is what has both signs; everything else is called what it is."""

import json

import numpy as np
import pytest

from daemon.report.fatigue import Course, Kind, active, assess, clock, percent

SECONDS = 360


def course(
    muscle: str = "BRA",
    *,
    strength: float = 1.0,
    frequency: float = 1.0,
    gain: float = 1.0,
    found_gain: float = 1.0,
    ramp_s: tuple[float, float] = (120.0, 300.0),
    identifiability: str = "identified",
    seed: int = 1,
) -> Course:
    """A muscle of which strength, frequency and amplitude go to a share of what they were."""
    rng = np.random.default_rng(seed)
    t = np.arange(1.0, SECONDS)
    done = np.clip((t - ramp_s[0]) / (ramp_s[1] - ramp_s[0]), 0.0, 1.0)
    effort = rng.choice([0.02, 0.3, 0.5], len(t))
    return Course(
        muscle,
        t,
        1.5 * (1 + (strength - 1) * done) * np.exp(0.03 * rng.standard_normal(len(t))),
        1 + (found_gain - 1) * done,
        (identifiability,) * len(t),
        t,
        4e-4 * effort * gain**done * np.exp(0.2 * rng.standard_normal(len(t))),
        95.0 * (1 + (frequency - 1) * done) * np.exp(0.08 * rng.standard_normal(len(t))),
    )


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({}, Kind.STABLE, "No change of strength stands out"),
        ({"frequency": 0.8}, Kind.STABLE, "All the same, the median frequency of its EMG fell"),
        ({"strength": 0.75, "frequency": 0.8}, Kind.FATIGUE, "Strength fell by 2"),
        ({"strength": 0.7, "gain": 1.45}, Kind.ELECTRODE, "amplitude of its EMG rose"),
        (
            {"strength": 0.7, "gain": 1.45, "identifiability": "weakly_identified"},
            Kind.ELECTRODE,
            "look at its electrode",
        ),
        ({"strength": 1.4, "gain": 0.7}, Kind.ELECTRODE, "amplitude of its EMG fell"),
        ({"found_gain": 0.7, "gain": 1.45}, Kind.ELECTRODE, "of it −30 % by the gain"),
        ({"strength": 0.75, "ramp_s": (200, 201)}, Kind.ELECTRODE, "all at once"),
        ({"strength": 0.75}, Kind.NOT_IDENTIFIABLE, "nothing in its EMG explains"),
        ({"strength": 0.75, "frequency": 1.2}, Kind.NOT_IDENTIFIABLE, "of its EMG rose"),
        (
            {"strength": 0.75, "frequency": 0.8, "identifiability": "unobserved"},
            Kind.NOT_IDENTIFIABLE,
            "in 0 % of the updates",
        ),
    ],
)
def test_each_is_called_what_it_is(changes: dict[str, float], kind: Kind, words: str) -> None:
    (verdict,) = assess([course(**changes)])  # type: ignore[arg-type]
    assert verdict.kind is kind
    assert words in verdict.sentence


def test_the_numbers_are_those_of_the_muscle() -> None:
    (verdict,) = assess([course(strength=0.75, frequency=0.8)])
    assert verdict.evidence is not None
    assert verdict.evidence.strength.change.value == pytest.approx(-0.25, abs=0.03)
    assert verdict.evidence.strength.onset[0] == pytest.approx(120, abs=15)
    assert verdict.evidence.frequency_hz == pytest.approx((95, 76), rel=0.04)
    assert json.loads(json.dumps(verdict.figures()))["kind"] == "consistent with fatigue"


def test_many_rested_muscles_raise_no_alarm() -> None:
    verdicts = assess([course(f"m{seed}", seed=seed) for seed in range(60)])
    assert {verdict.kind for verdict in verdicts} == {Kind.STABLE}


def test_without_frequency_nothing_is_fatigue() -> None:
    tired = course(strength=0.75)
    (verdict,) = assess([Course(**{**tired.__dict__, "median_hz": np.full(len(tired.t), np.nan)})])
    assert verdict.kind is Kind.NOT_IDENTIFIABLE
    assert "frequency of its EMG is not known" in verdict.sentence


@pytest.mark.parametrize("count", [0, 1, 60])
def test_a_short_session_tells_nothing(count: int) -> None:
    whole = course(strength=0.75)
    short = {name: value[:count] for name, value in whole.__dict__.items() if name != "muscle"}
    (verdict,) = assess([Course("BRA", **short)])
    assert verdict.kind is Kind.NOT_IDENTIFIABLE
    assert verdict.evidence is None


def test_quiet_seconds_are_not_asked_for_their_frequency() -> None:
    chosen = active(course())
    assert 0.5 < chosen.mean() < 0.8


def test_percent() -> None:
    assert [percent(x, signed=True) for x in (0.251, -0.25, -0.001)] == ["+25 %", "−25 %", "0 %"]
    assert percent(0.25) == "25 %"


def test_clock() -> None:
    assert [clock(s) for s in (0, 59.6, 125)] == ["0:00", "1:00", "2:05"]
