"""People drawn wide: who is drawn, what is kept, and what the study's figures mean."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from daemon.assembly.subject import generic_subject
from daemon.config import Config, load_config
from daemon.simulation.lab import Lab
from pipeline.geometry import load_model
from pipeline.live import Paired
from pipeline.model.delay import USUAL_DELAY_S
from pipeline.streams.recordings.recording import Recording
from pipeline.timebase.rows import PairedRows
from pipeline.update import Result, Update
from tools.studies.people import __main__ as people
from tools.studies.people.drawing import person
from tools.studies.people.living import Course, informed, lived, one
from tools.studies.people.recordings import recorded
from tools.studies.people.tables import (
    TITLES,
    markdown,
    people_cells,
    summary,
    summary_cells,
    worst,
)

ARM = load_config("arm")
SECONDS = 16.0
NOBODY = {
    "strength": {},
    "emg_gain": {},
    "optimal_fibre_length": {},
    "tendon_slack_length": {},
    "electromechanical_delay_s": USUAL_DELAY_S,
}


def average() -> Config:
    """A person whom the set-up describes: generic muscles, MVC and delay as configured."""
    return ARM.model_copy(update={"simulation": ARM.simulation.model_copy(update=NOBODY)})


@given(seed=st.integers(0, 100_000))
def test_people_stay_in_the_ranges(seed: int) -> None:
    drawn = person(ARM, seed).simulation
    assert all(0.4 <= value <= 2.0 for value in drawn.strength.values())
    gain = np.array(list(drawn.emg_gain.values()))
    assert gain.min() >= 0.2 * 0.8
    assert gain.max() <= 2.0 * 1.25
    assert gain.max() / gain.min() <= 1.25**2
    assert 0.03 <= drawn.electromechanical_delay_s <= 0.11
    for lengths in (drawn.optimal_fibre_length, drawn.tendon_slack_length):
        assert all(0.9 <= value <= 1.1 for value in lengths.values())
    assert set(drawn.strength) == set(ARM.model.muscles)
    assert set(drawn.emg_gain) == set(ARM.streams.emg.channels)


def test_people_differ_widely_and_each_is_reproducible() -> None:
    drawn = [person(ARM, seed).simulation for seed in range(200)]
    assert drawn == [person(ARM, seed).simulation for seed in range(200)]
    gains = [next(iter(one.emg_gain.values())) for one in drawn]
    strengths = [next(iter(one.strength.values())) for one in drawn]
    assert max(gains) > 1.8
    assert min(gains) < 0.25
    assert max(strengths) > 1.7
    assert min(strengths) < 0.5
    assert abs(np.corrcoef(gains, strengths)[0, 1]) < 0.25


def test_the_set_up_is_told_nothing() -> None:
    one = person(ARM, 3)
    assert one.envelope.scaled_to == "unknown"
    same = {"simulation": ARM.simulation, "envelope": ARM.envelope}
    assert one.model_copy(update=same) == ARM


def test_a_recording_is_made_once_whatever_the_calibrator_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = person(ARM, 3)
    first = recorded(one, 1.0, tmp_path)
    calibrator = one.calibrator.model_copy(update={"steps": 5})
    model = one.model.model_copy(update={"electromechanical_delay_s": 0.0})
    trial = one.model_copy(update={"calibrator": calibrator, "model": model})
    monkeypatch.setattr("tools.studies.people.recordings.write_recording", None)
    again = recorded(trial, 1.0, tmp_path)
    for key, stream in first.streams.items():
        np.testing.assert_array_equal(again.streams[key].x, stream.x)
    assert len(list(tmp_path.iterdir())) == 1


def test_another_person_or_length_is_another_recording(tmp_path: Path) -> None:
    for seed, seconds in ((3, 1.0), (4, 1.0), (3, 2.0)):
        recorded(person(ARM, seed), seconds, tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("config", [average(), person(ARM, 0), person(ARM, 9)])
def test_with_true_parameters_only_the_noise_of_emg_is_left(config: Config, tmp_path: Path) -> None:
    recording = recorded(config, SECONDS, None)
    known = lived(informed(config, tmp_path), recording)
    assert worst(known, "last") < 0.25
    assert known["updates"] == {}
    assert known["nonfinite"] == 0


def noiseless(config: Config) -> Recording:
    """What `recorded` gives, with the person's true excitations instead of EMG."""
    lab, recording = Lab(config), recorded(config, SECONDS, None)
    blocks = [lab.block(1000).truth.excitation for _ in range(int(SECONDS))]
    emg = replace(recording.streams["emg"], unit="1", x=np.concatenate(blocks))
    return replace(recording, streams={**recording.streams, "emg": emg})


def taking_excitations(config: Config) -> Config:
    """The set-up for them; electrodes are not watched, which excitations do not come from."""
    emg = config.streams.emg.model_copy(update={"unit": "1"})
    changes = {"kind": "envelope", "baseline": "none", "mvc": {}}
    return config.model_copy(
        update={
            "streams": config.streams.model_copy(update={"emg": emg}),
            "envelope": config.envelope.model_copy(update=changes),
            "failover": config.failover.model_copy(update={"enabled": False}),
        }
    )


def test_with_true_parameters_and_excitations_hardly_an_error_is_left(tmp_path: Path) -> None:
    config = person(ARM, 9)
    known = lived(taking_excitations(informed(config, tmp_path)), noiseless(config))
    assert worst(known, "last") < 0.08


def test_without_them_a_person_unlike_the_set_up_is_far_off(tmp_path: Path) -> None:
    config = person(ARM, 9)
    still = config.calibrator.model_copy(update={"enabled": False})
    told_nothing = lived(
        config.model_copy(update={"calibrator": still}), recorded(config, SECONDS, None)
    )
    assert worst(told_nothing, "last") > 0.7


def rows(t: list[float], moment: list[float], valid: list[bool]) -> PairedRows:
    one = np.array(moment)[:, None]
    return PairedRows(np.array(t), one, one, one, one, np.array(valid), one >= 0)


def test_errors_are_those_of_the_window_and_of_valid_rows() -> None:
    course = Course()
    reference = rows([1.0, 20.0, 24.9, 24.95, 25.0], [9.0, 3.0, -4.0, 5.0, 9.0], [True] * 5)
    reference.valid[3] = False
    predicted = reference.moment + np.array([[5.0], [0.3], [0.4], [7.0], [5.0]])
    course.pair(Paired(reference, predicted, predicted, predicted))
    assert course.relative(20.0, 25.0) == [pytest.approx(0.1)]
    assert course.relative(30.0, 40.0) == [None]


def update(result: Result, t: float, error: float) -> Update:
    generic = generic_subject(load_model(ARM.model.file))
    return Update(result, "", 1, t, generic, error_after=error)


def test_a_set_has_learnt_when_it_is_accepted_and_good_in_the_mean_over_joints() -> None:
    course = Course()
    course.update(update(Result.REJECTED, 3.0, 0.1))
    assert course.learnt_s(4) is None
    course.update(update(Result.OK, 4.0, 2.1))
    course.update(update(Result.AT_BOUNDS, 5.0, 1.9))
    course.update(update(Result.OK, 6.0, 1.0))
    assert course.learnt_s(4) == 5.0


def test_a_person_from_drawing_to_figures(tmp_path: Path) -> None:
    quick = ARM.calibrator.model_copy(update={"steps": 5, "stride_s": 2.0})
    found = one(ARM.model_copy(update={"calibrator": quick}), 25.0, tmp_path, True, 0)
    assert found["drawn"]["delay_s"] == person(ARM, 0).simulation.electromechanical_delay_s
    assert sum(found["updates"].values()) >= 10
    assert found["learnt_s"] is None or 3.0 <= found["learnt_s"] <= 25.0
    assert found["delay_s"] > 0.0
    assert 0.0 < found["delay_deviation_s"] < 0.04
    for window in ("before", "after", "last", "known"):
        assert list(found[window]) == ARM.model.dofs
        assert all(0.0 < error < 2.0 for error in found[window].values())
    assert max(found["last"].values()) < max(found["before"].values())


def result(seed: int, after: tuple[float, float], learnt_s: float | None) -> dict[str, Any]:
    errors = {window: {"a": 0.5, "b": 0.7} for window in ("before", "last", "known")}
    return {
        "seed": seed,
        "drawn": {"strength": 1.0, "emg_gain": 0.5, "delay_s": 0.03},
        **errors,
        "after": dict(zip("ab", after, strict=True)),
        "at_bound": seed,
        "delay_s": 0.042 if seed else 0.033,
        "delay_deviation_s": 0.004 if seed else None,
        "learnt_s": learnt_s,
        "wall_s": 10.0,
        "record_wall_s": 2.0,
    }


FOUND = [result(0, (0.1, 0.14), 3.0), result(1, (0.1, 0.18), None), result(2, (0.2, 0.3), 5.0)]


def test_people_below_the_goal_are_counted_by_worst_joint_and_by_mean() -> None:
    total = summary(FOUND)
    after = total["after"]
    assert (after["below_by_worst"], after["below_by_mean"]) == (1, 2)
    assert after["of_worst"] == pytest.approx({"median": 0.18, "worst": 0.3})
    assert after["of_mean"] == pytest.approx({"median": 0.14, "worst": 0.25})
    assert after["dofs"]["b"] == pytest.approx({"median": 0.18, "worst": 0.3})
    assert total["delay"] == {
        "mean_s": pytest.approx(0.009),
        "worst_s": pytest.approx(0.012),
        "within_goal": 1,
        "within_interval": 1,
    }
    assert (total["learnt"], total["learnt_s"], total["at_bound"]) == (2, 4.0, 1.0)


def test_a_joint_without_error_is_not_below_the_goal() -> None:
    unknown = {**FOUND[0], "after": {"a": 0.1, "b": None}}
    total = summary([unknown])
    assert (total["after"]["below_by_worst"], total["after"]["below_by_mean"]) == (0, 0)
    assert np.isnan(worst(unknown, "after"))


def test_tables_have_a_row_for_each_person_and_window() -> None:
    people_table = markdown(people_cells(FOUND)).splitlines()
    assert len(people_table) == 2 + len(FOUND)
    assert people_table[3].startswith("| 1 | 1.00 | 0.50 | 30 | 42 | 60.0 | 10.0 | 18.0 |")
    windows = markdown(summary_cells(summary(FOUND))).splitlines()
    assert [line.split("|")[1].strip() for line in windows[2:]] == list(TITLES.values())
    assert "| 1 of 3 | 2 of 3 |" in windows[3]


def test_the_command_prints_tables_and_writes_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "results", lambda *_: FOUND)
    file = tmp_path / "people.json"
    for kind in ([], ["--markdown"]):
        outcome = CliRunner().invoke(people.main, [*kind, "--seed", "1000", "--json", str(file)])
        assert outcome.exit_code == 0, outcome.output
        assert "1 of 3" in outcome.output
        assert "10.0 s to learn" in outcome.output
        assert "within 10 ms for 1 of 3" in outcome.output
    content = json.loads(file.read_text(encoding="utf-8"))
    assert content["summary"]["after"]["below_by_mean"] == 2
    assert len(content["people"]) == 3
    assert content["seed"] == 1000
