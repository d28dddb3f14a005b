"""The study of the gate: who is judged by what, and what counts as a wrong decision."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from daemon.assembly.calibrator import delays
from tools.studies.gate import __main__ as study
from tools.studies.gate.counting import summary
from tools.studies.gate.living import Decision, decisions
from tools.studies.gate.people import Evaluation, known, lived, one, scene
from tools.studies.gate.truth import Truth, truly


def decision(t: float, before: float, candidate: float | None, adopted: bool) -> Decision:
    return Decision(t, "ok" if adopted else "held", adopted, before, candidate, 0.1)


@pytest.mark.parametrize(
    ("candidate", "adopted", "refused", "accepted"),
    [
        (0.97, False, True, False),
        (0.97, True, False, False),
        (0.99, False, False, False),
        (1.01, True, False, False),
        (1.03, True, False, True),
        (1.03, False, False, False),
        (float("nan"), True, False, True),
        (None, False, False, False),
    ],
)
def test_wrong_is_what_is_notably_worse_than_the_other_choice(
    candidate: float | None, adopted: bool, refused: bool, accepted: bool
) -> None:
    told = decision(1.0, 1.0, candidate, adopted)
    assert (told.wrongly_refused, told.wrongly_accepted) == (refused, accepted)


def test_a_session_is_counted_and_its_errors_are_those_in_force() -> None:
    session = [
        decision(3.0, 1.0, None, False),
        decision(4.0, 1.0, 0.4, True),
        decision(11.0, 0.4, 0.2, False),
        decision(21.0, 0.4, 0.5, True),
    ]
    found = summary([session])
    assert found["updates"] == 3
    assert found["wrong"] == pytest.approx(2 / 3)
    assert found["wrongly_refused"] == pytest.approx(1 / 3)
    assert found["error"] == {"5": 0.4, "10": 0.4, "20": 0.4} | dict.fromkeys(
        ("40", "45", "50", "60"), 0.5
    )
    assert found["error_mean"] == pytest.approx((1.0 + 0.4 + 0.4 + 0.5) / 4)


@pytest.fixture(scope="module")
def stretch() -> Evaluation:
    config = scene("tiring", 1000)
    rested = config.simulation.model_copy(update={"fatigue": []})
    other = config.model_copy(update={"simulation": rested})
    return Evaluation(*lived(other, 6.0, true=True))


@pytest.mark.parametrize("name", ["tiring", "jump"])
def test_the_true_person_does_far_better_than_the_generic_one_also_when_tired(
    stretch: Evaluation, name: str
) -> None:
    config = scene(name, 1000)
    truth = Truth(config, stretch, delays(config, known(config)))
    generic, true = known(config), truly(config)
    assert truth.error(true, 0.0) < 0.3 * truth.error(generic, 0.0)
    tired = config.simulation.fatigue[0]
    weaker = {name: values.copy() for name, values in true.values().items()}
    for change in config.simulation.fatigue:
        weaker["strength"][true.muscles.index(change.muscle)] *= 1.0 - change.strength_loss
    later = true.with_values(weaker)
    assert truth.error(later, tired.end_s) < 0.8 * truth.error(true, tired.end_s)
    assert truth.error(true, 0.0) < truth.error(later, 0.0)


def test_a_person_is_kept_and_lives_through_a_session(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("tools.studies.gate.people.EVALUATED_S", 5.0)
    made = one(scene("arm", 1000), 5.0, tmp_path / "arm")
    (path,) = (tmp_path / "arm").iterdir()
    written = path.stat().st_mtime_ns
    found = decisions("arm", "shipped", 5.0, tmp_path, 1000)
    assert path.stat().st_mtime_ns == written
    kept = one(scene("arm", 1000), 5.0, tmp_path / "arm")
    np.testing.assert_array_equal(kept.rows.excitation, made.rows.excitation)
    np.testing.assert_array_equal(kept.evaluation.force, made.evaluation.force)
    assert found[-1].adopted
    assert found[-1].after < 0.7 * found[0].before


def test_the_command_counts_every_rule_and_writes_json(tmp_path, monkeypatch) -> None:
    told = [decision(3.0, 1.0, 0.5, True), decision(4.0, 0.5, 0.6, True)]
    monkeypatch.setattr(study, "results", lambda sessions, *_: dict.fromkeys(sessions, told))
    file = tmp_path / "gate.json"
    words = ["--seeds", "100:102", "--rules", "shipped,mean", "--json", str(file)]
    outcome = CliRunner().invoke(study.main, words)
    assert outcome.exit_code == 0, outcome.output
    assert "| arm, mean | 4 | 0.0% | 50.0% |" in outcome.output
    content = json.loads(file.read_text(encoding="utf-8"))
    assert len(content["sessions"]) == 4
    assert content["summary"]["arm, shipped"]["wrong"] == 0.5


@pytest.mark.parametrize("words", [["--seeds", "5:5"], ["--rules", "mine"], ["--scenes", "leg"]])
def test_what_there_is_not_is_refused_in_a_sentence(words) -> None:
    found = CliRunner().invoke(study.main, words)
    assert found.exit_code == 2
    assert "there are" in found.output or "100:110" in found.output
