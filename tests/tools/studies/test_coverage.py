"""The study of intervals: who is drawn, what is kept, and how it is counted."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from daemon.simulation.lab import Lab
from pipeline.model.identifiability import Identifiability
from tools.studies.coverage import __main__ as coverage
from tools.studies.coverage.cases import case
from tools.studies.coverage.setups import SETUPS, person, setup
from tools.studies.coverage.tables import COMBINATION, Estimate, estimates, summary

KNOWN, UNOBSERVED = Identifiability.IDENTIFIED, Identifiability.UNOBSERVED
LIVED_S = 5.0


@given(seed=st.integers(0, 100_000), name=st.sampled_from(SETUPS))
def test_people_are_drawn_within_what_the_calibrator_can_find(seed, name):
    config = person(setup(name), seed)
    drawn, parameters = config.simulation, config.calibrator.parameters
    for kind in ("strength", "optimal_fibre_length", "tendon_slack_length"):
        low, high = getattr(parameters, kind).bounds
        values = getattr(drawn, kind)
        assert set(values) == set(config.model.muscles)
        assert all(low < value < high for value in values.values())
    for group in config.calibrator.strength_groups.values():
        assert len({drawn.strength[muscle] for muscle in group}) == 1
    assert bool(drawn.emg_gain) == name.endswith("unknown-gain")


@pytest.mark.parametrize("name", SETUPS)
def test_the_lab_serves_every_set_up(name):
    block = Lab(person(setup(name), 1)).block(200)
    assert np.isfinite(block.emg.x).all()
    assert np.isfinite(block.truth.moment).all()
    assert np.abs(block.truth.moment).max() > 0.1


def test_what_was_learnt_is_kept_and_judged_again_without_living_through_it(tmp_path: Path):
    found = case("arm-unknown-gain", LIVED_S, tmp_path, 1000)
    (kept,) = tmp_path.iterdir()
    written = kept.stat().st_mtime_ns
    assert found.grounds is not None
    of_arm = person(setup("arm-unknown-gain"), 1000).simulation
    np.testing.assert_allclose(found.truth["gain"][0], 1.0 / next(iter(of_arm.emg_gain.values())))
    np.testing.assert_allclose(found.truth["strength"], list(of_arm.strength.values()), rtol=1e-12)
    one, again = (estimates(case("arm-unknown-gain", LIVED_S, tmp_path, 1000)) for _ in "ab")
    assert one == again
    alone = [estimate for estimate in one if estimate.identifiability != COMBINATION]
    assert len(alone) == 7 * len(of_arm.strength)
    assert all(abs(estimate.error) < 6.0 for estimate in one)
    assert kept.stat().st_mtime_ns == written


def test_who_was_not_learnt_of_is_not_judged():
    assert estimates(case("arm", 1.0, None, 1000)) == []


ESTIMATES = [
    Estimate("strength", KNOWN, 0.5, 0.1),
    Estimate("strength", KNOWN, -2.5, 0.3),
    Estimate("c1", UNOBSERVED, 1.0, 0.2),
]


def test_rows_count_each_parameter_by_itself_and_all_together():
    table = {(row["parameter"], row["identifiability"]): row for row in summary(ESTIMATES)}
    assert table["strength", KNOWN]["count"] == 2
    assert table["strength", KNOWN]["inside_95"] == 0.5
    assert table["strength", KNOWN]["mean_error"] == pytest.approx(-1.0)
    assert table["strength", KNOWN]["deviation"] == pytest.approx(0.2)
    assert table["all", KNOWN] == {**table["strength", KNOWN], "parameter": "all"}
    assert table["c1", UNOBSERVED]["inside_95"] == 1.0


def test_the_command_prints_the_table_and_writes_json(tmp_path, monkeypatch):
    monkeypatch.setattr(coverage, "results", lambda *_: (ESTIMATES, {39: "it tore"}))
    file = tmp_path / "coverage.json"
    for kind in ([], ["--markdown"]):
        outcome = CliRunner().invoke(
            coverage.main, [*kind, "--setup", "leg", "--seed", "1000", "--json", str(file)]
        )
        assert outcome.exit_code == 0, outcome.output
        assert "50.0 %" in outcome.output
        assert "Person 39 is not among them: it tore." in outcome.output
    content = json.loads(file.read_text(encoding="utf-8"))
    assert (content["setup"], content["seed"]) == ("leg", 1000)
    assert content["without"] == [39]
    assert len(content["table"]) == 4
