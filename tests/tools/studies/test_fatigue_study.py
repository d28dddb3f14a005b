"""The study of fatigue: what happens in its sessions, and how what was found is counted."""

from typing import Any

from click.testing import CliRunner

from daemon.config import load_config
from tools.studies.fatigue.__main__ import main
from tools.studies.fatigue.scenes import scenes
from tools.studies.fatigue.tables import line, markdown, summary


def session(loss: float | None, onset_s: float, **changes: Any) -> dict[str, Any]:
    """A session in which BRA loses a quarter from 120 s on, and what was found of it."""
    tired = {
        "muscle": "BRA",
        "true_loss": 0.25,
        "true_onset_s": 120.0,
        "true_regained": 0.0,
        "kind": "consistent with fatigue" if loss else "stable",
        "loss": loss,
        "interval": [0.2, 0.3],
        "onset_s": onset_s if loss else None,
        "regained": 0.0 if loss else None,
    }
    verdicts = [{"muscle": name, "together": []} for name in ("BRA", "BRD")]
    found = {"scene": "tiring", "seed": 1, "tired": [tired], "gains": [], "verdicts": verdicts}
    kinds = {kind: [] for kind in ("fatigue", "electrode", "unexplained", "not_identifiable")}
    return found | kinds | {"fatigue": ["BRA"] if loss else []} | changes


TOGETHER = [
    {"muscle": "BRA", "together": []},
    {"muscle": "BRD", "together": ["BRD", "BICshort"]},
]


def rested(**changes: Any) -> dict[str, Any]:
    """A session in which nobody tires."""
    return session(None, 0.0, **{"tired": [], **changes})


def test_what_was_found_is_counted() -> None:
    found = [
        session(0.27, 130.0),
        session(0.35, 170.0),
        session(None, 0.0),
        rested(fatigue=["BRD"]),
        rested(gains=["BRD"], electrode=["BRD"]),
        rested(not_identifiable=["BRD", "BRA"], verdicts=TOGETHER),
    ]
    total = summary(found)
    assert total["tired muscles called fatigue"] == [2, 3]
    assert total["loss within 5 points"] == [1, 3]
    assert total["onset within 30 s"] == [1, 3]
    assert total["sessions without fatigue that raise an alarm of it"] == [1, 3]
    assert total["other muscles called fatigue"] == [1, 8]
    assert total["muscles not identifiable"] == [2, 12]
    assert total["muscles not identifiable, nor any group with them"] == [1, 12]
    assert total["gain changes named"] == [1, 1]
    assert "| gain changes named | 1 of 1 |" in markdown(total)
    assert "BRA 27.0% of 25.0% since 130 s" in line(found[0])
    assert "nobody tires" in line(found[3])


def test_the_sessions_are_what_they_are_called() -> None:
    config = load_config("tiring-arm")
    known = scenes(config)
    simulated = {name: scene.config(config, 7).simulation for name, scene in known.items()}
    assert {one.seed for one in simulated.values()} == {7}
    assert [one.muscle for one in simulated["neighbours"].fatigue] == ["BRA", "TRIlong"]
    assert simulated["rested"].fatigue == simulated["rested"].gain_change == []
    assert simulated["gain"].gain_change[0].factor == 1.4
    assert {one.recovery for one in simulated["recovery"].fatigue} == {0.5}


def test_seeds_that_are_none_are_refused() -> None:
    for words in (["--seeds", "5:5"], ["--scenes", "tired"]):
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 2
