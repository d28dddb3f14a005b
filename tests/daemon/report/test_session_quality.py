"""Whether a session can be trusted: each trouble is found and named, and what is clean is good."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from daemon.commands.sessions.report import report
from daemon.report.fatigue import assess
from daemon.report.material import Estimates, Event, Moments, load
from daemon.report.quality.assessment import Grade, quality_of
from daemon.report.quality.backtest import frozen_qualities, in_words
from daemon.report.quality.electrodes import channel_qualities
from daemon.report.quality.parameters import parameter_quality
from daemon.report.quality.records import EmgRecord, Records, SetRecord
from daemon.report.quality.reference import joint_quality
from daemon.report.quality.standing import Standing
from daemon.report.summary import untold

RNG = np.random.default_rng(5)
T = np.arange(0.0, 120.0, 0.05)
PREDICTED = 20.0 * np.sin(2 * np.pi * 0.4 * T) + 5.0
REFERENCE = PREDICTED + 1.5 * RNG.standard_normal(len(T))
DRIFT = 3.0 * (T - T[0]) / 60.0
SPIKY = np.where(np.arange(len(T)) % 300 == 7, 60.0, REFERENCE)


def joint(reference, predicted=PREDICTED):
    return joint_quality("elbow", Moments(T, predicted, np.full(len(T), np.nan), reference))


def test_a_reference_that_fits_is_good():
    found = joint(REFERENCE)
    assert found.standing is Standing.GOOD
    assert found.explained_share == pytest.approx(0.99, abs=0.01)
    assert found.rmse_nm == pytest.approx(1.5, abs=0.1)
    assert (found.present_share, found.turned_share, found.spike_share) == (1.0, 0.0, 0.0)
    assert found.drift is not None
    assert found.drift.low < 0.0 < found.drift.high


@pytest.mark.parametrize(
    ("reference", "standing", "said"),
    [
        (-REFERENCE, Standing.BAD, "factor = -1"),
        (np.where(T < 20.0, np.nan, REFERENCE), Standing.DOUBTFUL, "Missing for 17 %"),
        (np.where(T < 80.0, np.nan, REFERENCE), Standing.BAD, "Missing for 67 %"),
        (SPIKY, Standing.DOUBTFUL, "0.3 % of its samples are spikes"),
        (REFERENCE + DRIFT, Standing.DOUBTFUL, "Drifts against the prediction by +"),
        (REFERENCE - 8 * DRIFT, Standing.BAD, "by −24."),
        (PREDICTED.mean() + RNG.standard_normal(len(T)), Standing.BAD, "Only 0 %"),
        (np.full(len(T), np.nan), Standing.BAD, "Missing for 100 %"),
    ],
)
def test_what_is_wrong_with_a_reference_is_said(reference, standing, said):
    found = joint(reference)
    assert found.standing is standing
    assert said in found.sentence


def test_a_drift_is_told_in_moment_per_minute():
    found = joint(REFERENCE + DRIFT).drift
    assert found is not None
    assert found.slope == pytest.approx(3.0, abs=0.3)
    assert found.low < 3.0 < found.high


def test_a_reference_that_turns_for_a_while_is_seen():
    found = joint(np.where(T < 24.0, -REFERENCE, REFERENCE))
    assert found.turned_share == pytest.approx(0.2, abs=0.05)
    assert found.standing is Standing.DOUBTFUL


def record(**changes):
    """Return a clean channel of a minute."""
    columns = {
        "amplitude_v": 1e-4,
        "quietest_v": 3e-6,
        "loudest_v": 2e-4,
        "line_share": 0.01,
        "motion_share": 0.02,
        "common_share": 0.01,
    } | changes
    name = columns.pop("common_with", "DELT2")
    return EmgRecord((name,) * 60, *(np.full(60, value) for value in columns.values()))


@pytest.fixture
def material(make_session):
    return load(make_session())


def channel(material, one):
    channels = material.config["streams"]["emg"]["channels"]
    records = {name: record() for name in channels} | {"BRA": one}
    found = {quality.channel: quality for quality in channel_qualities(material, records)}
    others = {quality.standing for name, quality in found.items() if name != "BRA"}
    assert others == {Standing.GOOD}
    return found["BRA"]


def test_a_clean_channel_is_good(material):
    found = channel(material, record())
    assert found.standing is Standing.GOOD
    assert found.numbers.snr_db == pytest.approx(20 * np.log10(200 / 3))


@pytest.mark.parametrize(
    ("changes", "standing", "said"),
    [
        ({"quietest_v": 6e-5}, Standing.DOUBTFUL, "only 10 dB above"),
        ({"quietest_v": 1.5e-4}, Standing.BAD, "only 2 dB above"),
        ({"line_share": 0.3}, Standing.DOUBTFUL, "30 % of its power is mains hum"),
        ({"line_share": 0.8}, Standing.BAD, "hum"),
        ({"motion_share": 0.4}, Standing.DOUBTFUL, "40 % of its power is below 20 Hz"),
        ({"common_share": 0.3, "common_with": "BRD"}, Standing.DOUBTFUL, "also in BRD"),
        ({"common_share": 0.7, "common_with": "BRD"}, Standing.BAD, "70 % of its signal"),
    ],
)
def test_what_is_wrong_with_a_channel_is_said(material, changes, standing, said):
    found = channel(material, record(**changes))
    assert found.standing is standing
    assert said in found.sentence


def test_two_electrodes_of_a_muscle_may_be_alike(material):
    shared = material.config["model"]["muscles"] | {"BRD": ["BRD", "BRA"]}
    config = material.config | {"model": material.config["model"] | {"muscles": shared}}
    found = channel(replace(material, config=config), record(common_share=0.7, common_with="BRD"))
    assert found.standing is Standing.GOOD


def test_a_channel_that_was_faulty_is_doubted_for_as_long(material):
    events = [
        Event(40.0, "emg", "EMG channel BRA is faulty: saturated."),
        Event(50.0, "emg", "EMG channel BRA is valid again."),
    ]
    found = channel(replace(material, events=events), record())
    assert found.faulty_share == pytest.approx(10.0 / material.seconds)
    assert found.standing is Standing.DOUBTFUL


def test_of_ready_envelopes_nothing_is_known(material):
    found = channel_qualities(material, {})
    assert {one.standing for one in found} == {Standing.UNKNOWN}


def test_parameters_are_counted_by_where_they_come_from(material):
    def told(*words):
        t = np.arange(len(words), dtype=float)
        return Estimates(words, t, np.ones_like(t), np.ones_like(t))

    estimates = {
        "strength": {"a": told("identified"), "b": told("unobserved"), "c": told("at_bound")},
        "gain": {"a": told("unobserved", "weakly_identified", ""), "b": told("unobserved")},
        "shape_factor": {"a": told("fixed"), "b": told("fixed")},
    }
    found = parameter_quality(replace(material, estimates=estimates))
    assert [(k.name, k.from_data, k.partly, k.generic, k.at_bound) for k in found.kinds] == [
        ("strength", 1, 0, 1, 1),
        ("gain", 0, 1, 1, 0),
    ]
    assert found.generic_muscles == ["b"]


def test_what_is_known_together_is_told_of_the_newest_confidence(make_session):
    path = make_session()
    rows = [
        (196, "BRA:gain", "BRA:strength", "product", 9.0, 1.0),
        (199, "BRA:gain", "BRA:strength", "product", 1.2, 0.1),
        (199, "BRA:optimal_fibre_length", "BRA:tendon_slack_length", "sum", 0.24, 0.002),
        (199, "BRA:strength", "DELT1:strength", "sum", 1500.0, 100.0),
    ]
    with closing(sqlite3.connect(path)) as database:
        database.executemany("INSERT INTO combination VALUES (?, ?, ?, ?, ?, ?)", rows)
        database.commit()
    found = quality_of(path, load(path))
    assert [(one.title, one.shown) for one in found.parameters.together] == [
        ("BRA: Gain of the EMG × strength", "1.200 (1.004 to 1.396)"),
        ("BRA: Optimal fibre length + tendon slack length", "240.0 (236.1 to 243.9) mm"),
        ("BRA + DELT1: maximum isometric force", "1500.0 (1304.0 to 1696.0) N"),
    ]
    assert found.figures()["parameters"]["together"][0]["high"] == pytest.approx(1.396)


def records(*frozen_rmse):
    t = np.arange(12.0, 100.0)
    count = np.full(len(t), 100.0)
    sets = tuple(
        SetRecord(since, t[t > since], np.full((t > since).sum(), rmse), count[t > since])
        for since, rmse in zip((10.0, 20.0, 95.0), frozen_rmse, strict=False)
    )
    learning = SetRecord(np.nan, t, np.full(len(t), 2.0), count)
    return Records({}, {"elbow": learning}, {"elbow": sets})


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        ((2.05, 2.0), "A set frozen after 10 s does as well as one that goes on learning."),
        ((2.5, 2.05), "A set frozen after 20 s does as well as one that goes on learning."),
        ((2.5, 2.4, 2.0), "does worse than one that goes on learning: elbow by 0.40 N·m."),
        ((), "is not known"),
    ],
)
def test_how_early_learning_could_have_stopped_is_said(errors, said):
    assert said in in_words(frozen_qualities(records(*errors)))


def test_a_frozen_set_is_compared_on_the_same_data():
    found = frozen_qualities(records(2.5))[0]
    assert (found.after_s, found.frozen_nm, found.learning_nm) == (10.0, 2.5, 2.0)
    assert (found.worse_nm, found.later_s) == (0.5, 89.0)
    assert not found.as_well


def test_a_session_from_before_these_columns_is_judged_by_what_it_has(make_session, tmp_path):
    path = make_session()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DROP TABLE backtest")
        for column in ("quietest_v", "loudest_v", "line_share", "motion_share"):
            database.execute(f"ALTER TABLE emg DROP COLUMN {column}")
    found = quality_of(path, load(path))
    assert found.grade is not Grade.UNUSABLE
    assert found.channels[0].numbers.snr_db is None
    assert "not known" in found.backtest


def test_a_session_of_which_nothing_was_learnt_is_not_usable(make_session):
    path = make_session(30)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE candidate SET accepted = 0, result = 'no_reference'")
    found = quality_of(path, load(path))
    assert found.grade is Grade.UNUSABLE
    assert found.verdict == (
        "Not usable: nothing was learnt; most updates ended with 'no reference'."
    )


def test_a_short_session_says_in_one_sentence_what_is_missing(make_session, tmp_path):
    pytest.importorskip("matplotlib", reason="a report needs the extra 'report'")
    pytest.importorskip("jinja2", reason="a report needs the extra 'report'")
    path, out = make_session(40), tmp_path / "out.json"
    assert untold(assess(load(path)))
    result = CliRunner().invoke(report, [str(path), "--json", str(out)], catch_exceptions=False)
    assert "too short to tell of fatigue (1:45)." in result.output
    assert "not identifiable" not in result.output
    told = json.loads(out.read_text())["quality"]
    assert told["grade"] in set(Grade)
    assert told["reference"][0]["drift_slope_nm_per_min"] is None
    assert {"snr_db", "line_share", "common_with"} <= set(told["emg"][0])
    html = path.with_suffix(".html").read_text("utf-8")
    assert told["verdict"] in html
    assert html.index(told["verdict"]) < html.index("<h2>")
    assert html.count("not identifiable") == 0
