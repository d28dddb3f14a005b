"""A CEINMS-RT person executed here and by CEINMS's own equations, step by step."""

import numpy as np
import pytest
from ceinms_reference import read_muscles
from click.testing import CliRunner

from daemon.assembly.model import model_in_use
from daemon.assembly.subject import generic_subject
from daemon.commands.setup.subject import subject as group
from daemon.config import load_config
from daemon.subjects.execution_inputs import read_inputs
from pipeline.errors import UserError
from pipeline.streams.recordings.opensim_table import read_table
from pipeline.streams.recordings.writing import write_sto

DELAY_S = 0.1
CALIBRATED_ON = (1317, 1892, 2921)
"""First frames of the cycles that the person's figures leave out."""


@pytest.fixture(scope="module")
def walk(shared_data):
    with np.load(shared_data / "walking" / "walk36.npz") as archive:
        return dict(archive)


@pytest.fixture(scope="module")
def files(walk, tmp_path_factory):
    """The walk's excitations, lengths and moment arms as files of OpenSim."""
    folder, t = tmp_path_factory.mktemp("walk"), walk["time"]
    muscles = [str(name) for name in walk["muscle_names"]]
    write_sto(folder / "emg.sto", "emg", [str(n) for n in walk["emg_names"]], t, walk["emg"], "1")
    write_sto(folder / "lmt.sto", "lengths", muscles, t, walk["lmt_f"], "m")
    for place, joint in enumerate(walk["dof_names"]):
        write_sto(folder / f"{joint}.sto", "arms", muscles, t, walk["ma_f"][:, place], "m")
    return folder


@pytest.fixture(scope="module", params=["rigid", "elastic"])
def executed(request, walk, files, shared_data, tmp_path_factory):
    """What the commands make of the person, and with which tendon."""
    out = tmp_path_factory.mktemp("out")
    file = shared_data / "walking" / "ceinms_subject_calibrated.xml"

    def run(*arguments):
        result = CliRunner().invoke(group, [str(a) for a in arguments], catch_exceptions=False)
        assert result.exit_code == 0, result.output

    run("import", file, "-o", out / "me.json", "--tendon", request.param)
    arms = [f"--moment-arm={joint}={files / f'{joint}.sto'}" for joint in walk["dof_names"]]
    muscles = ",".join(map(str, walk["muscle_names"]))
    given = ("--excitations", files / "emg.sto", "--lengths", files / "lmt.sto", *arms)
    more = ("--delay", DELAY_S, "--config", "walking", "--muscles", muscles)
    run("run", out / "me.json", *given, *more, "-o", out)
    return request.param, out


def excitation(walk, muscle):
    """Return what drives a muscle, before the delay."""
    channels = [str(name) for name in walk["emg_names"]]
    driving = load_config("walking").model.muscles[muscle]
    return np.mean([walk["emg"][:, channels.index(one)].clip(0, 1) for one in driving], axis=0)


def test_forces_are_those_of_the_tools_equations(executed, walk, shared_data):
    tendon, out = executed
    forces, t = read_table(out / "MuscleForces.sto"), walk["time"]
    muscles = read_muscles(shared_data / "walking" / "ceinms_subject_calibrated.xml")
    some = range(11) if tendon == "rigid" else (0, 1, 2, 5, 7)  # a root for each sample is slow
    for place in some:
        name = str(walk["muscle_names"][place])
        muscle, length = muscles[name], walk["lmt_f"][:, place]
        delayed = np.interp(t - DELAY_S, t, excitation(walk, name))
        expected = (muscle.stiff if tendon == "rigid" else muscle.elastic)(delayed, length, 0.01)
        error = np.abs(forces.x[:, forces.columns.index(name)] - expected)
        assert error.max() < 0.005 * muscle.strongest, name


@pytest.mark.parametrize("executed", ["rigid"], indirect=True)
def test_the_persons_moments_are_as_good_as_the_tool_makes_them(executed, walk):
    """Ankle 0.67 by the tool's equations; by other curves and an elastic tendon it is 0.03."""
    _, out = executed
    moments = read_table(out / "Torques.sto")
    starts = walk["cycle_starts"]
    frames = np.concatenate(
        [
            np.arange(start, stop)
            for start, stop, ok in zip(starts, starts[1:], walk["cycle_ok"], strict=False)
            if ok and walk["time"][start] >= 5.0 and start not in CALIBRATED_ON
        ]
    )
    ankle = list(walk["dof_names"]).index("ankle_angle_r")
    measured = walk["moment_f"][frames, ankle]
    predicted = moments.x[frames, moments.columns.index("ankle_angle_r_moment")]
    r2 = 1 - np.square(predicted - measured).sum() / np.square(measured - measured.mean()).sum()
    assert r2 == pytest.approx(0.67, abs=0.03)


T = np.arange(30) / 100
ONE = {"soleus_r": 0.3 + 0.0 * T}


@pytest.fixture
def written(tmp_path):
    """Write columns by name over some time to a file."""

    def write(name, columns, t=T):
        values = np.column_stack([np.resize(column, len(t)) for column in columns.values()])
        write_sto(tmp_path / name, name, list(columns), t, values, "")
        return tmp_path / name

    return write


@pytest.mark.parametrize(
    ("excitation", "lengths", "sentence"),
    [
        (({"soleus": T}, T), (ONE, T), "has no column soleus_r; it has soleus"),
        ((ONE, T[:20]), (ONE, T), r"goes from 0 to 0\.19 s, but the lengths from 0 to 0\.29 s"),
        ((ONE, T), (ONE, T**2), "must go on in even steps"),
        (({"soleus_r": np.where(T[7] == T, np.nan, 0.1)}, T), (ONE, T), r"soleus_r at 0\.07 s"),
        (
            ({"soleus_r": 200.0 * T}, T),
            (ONE, T),
            r"has 12 for soleus_r .* excitations are 0 to 1",
        ),
        ((ONE, T), ({"soleus_r": 300.0 + T}, T), r"has 300 for soleus_r at 0 s, .* arms in m"),
        ((ONE, T), ({"soleus_r": 0.0 * T}, T), r"has 0 for soleus_r at 0 s"),
        ((ONE, np.where(T > 0.1, T + 3, T)), (ONE, np.arange(300) / 100), r"from 0\.1 to 3\.11 s"),
        ((ONE, T), (ONE, T[:2]), "has 2 rows; three are the least"),
        ((ONE, T), (ONE, T[::-1]), "even steps, but after"),
    ],
)
def test_what_cannot_be_executed_is_one_sentence(written, tmp_path, excitation, lengths, sentence):
    person = generic_subject(model_in_use(load_config("walking"))).with_muscles(("soleus_r",))
    given = written("emg.sto", *excitation), written("lmt.sto", *lengths)
    with pytest.raises(UserError, match=sentence):
        read_inputs(person, *given, {"ankle": written("arm.sto", ONE)})


def test_columns_that_are_not_there_are_told_at_once_with_the_muscles_that_are(written):
    person = generic_subject(model_in_use(load_config("walking")))
    legs = ("med_gas_r", "soleus_r")
    emg = written("emg.sto", dict.fromkeys(legs, 0.1 + T))
    with pytest.raises(UserError) as told:
        read_inputs(person, emg, written("lmt.sto", ONE), {})
    assert f"and {len(person.muscles) - len(legs) - 8} more" in str(told.value)
    kept = next(
        words for words in str(told.value).split() if set(legs) <= set(words.strip(".").split(","))
    )
    assert person.with_muscles(tuple(kept.strip(".").split(",")))


def test_a_file_of_arms_of_other_muscles_is_not_taken_for_no_arms(written):
    person = generic_subject(model_in_use(load_config("walking"))).with_muscles(("soleus_r",))
    given = written("emg.sto", ONE), written("lmt.sto", ONE)
    with pytest.raises(
        UserError, match="about ankle of none of the muscles soleus_r; it has soleus"
    ):
        read_inputs(person, *given, {"ankle": written("arm.sto", {"soleus": T})})


def test_a_column_that_is_there_twice_is_refused(written, tmp_path):
    person = generic_subject(model_in_use(load_config("walking"))).with_muscles(("soleus_r",))
    write_sto(tmp_path / "two.sto", "", ["soleus_r"] * 2, T, np.ones((len(T), 2)), "")
    with pytest.raises(UserError, match="has the column soleus_r more than once"):
        read_inputs(person, tmp_path / "two.sto", written("lmt.sto", ONE), {})
