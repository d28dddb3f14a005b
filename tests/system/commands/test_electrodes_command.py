"""The reduced-electrode study and synergy-hybrid calibration, as a person runs them."""

import json

import pytest
from click.testing import CliRunner
from places import CONFIGS

from daemon.assembly.model import model_in_use
from daemon.commands.offline.calibrate import calibrate
from daemon.commands.offline.electrodes import electrodes
from daemon.config import load_config
from daemon.offline.electrode_study import without_electrodes
from daemon.terminal.command import Commands

CALF = """
[model.muscles]
tib_ant_r = ["tib_ant_r"]
soleus_r = ["soleus_r"]
med_gas_r = ["med_gas_r"]
"""
ON_THE_ANKLE = ("tib_ant_r", "soleus_r", "med_gas_r", "lat_gas_r")


@pytest.fixture
def run():
    group = Commands(commands={"electrodes": electrodes, "calibrate": calibrate})
    return lambda *arguments: CliRunner().invoke(group, list(map(str, arguments)))


@pytest.fixture
def walk(shared_data):
    return shared_data / "walking" / "walk36.npz"


@pytest.fixture
def ankle(tmp_path):
    """A set-up of three electrodes about the ankle."""
    text = (CONFIGS / "walking.toml").read_text().replace('"models/', f'"{CONFIGS}/models/')
    head = text.split("[model.muscles]")[0]
    head = (
        head.replace('use_muscles = "all"\n', "")
        .replace(
            text[text.index("channels = [\n") : text.index("]\n\n[streams.angles]") + 1],
            'channels = ["soleus_r", "med_gas_r", "tib_ant_r"]',
        )
        .replace(
            'dofs = ["hip_flexion_r", "knee_angle_r", "ankle_angle_r"]',
            f'dofs = ["ankle_angle_r"]\nuse_muscles = {[*ON_THE_ANKLE]}',
        )
    )
    config = tmp_path / "ankle.toml"
    config.write_text(head + CALF)
    return config


def test_a_muscle_without_channels_takes_part_undriven_and_one_with_fewer_keeps_them():
    config = without_electrodes(load_config("walking"), {"vas_lat_r", "bifemlh_r"})
    assert config.model.muscles["vas_int_r"] == ["vas_med_r"]
    assert {"vas_lat_r", "bifemlh_r", "bifemsh_r"}.isdisjoint(config.model.muscles)
    assert model_in_use(config).muscle_names == model_in_use(load_config("walking")).muscle_names
    assert len(config.streams.emg.channels) == 9


@pytest.mark.system
def test_the_electrode_that_matters_least_comes_off_first(run, ankle, walk, tmp_path):
    pytest.importorskip("matplotlib")
    out, plot = tmp_path / "out.json", tmp_path / "out.png"
    result = run(*("electrodes", ankle, walk, "--cycles", "15:16", "--json", out, "--plot", plot))
    assert result.exit_code == 0, result.output
    assert "taken off" in result.output
    assert plot.stat().st_size > 1000
    found = json.loads(out.read_text())
    impact = found["rmse_without"]
    assert sorted(impact.values()) == [impact[channel] for channel in found["order"]]
    assert [one["electrodes"] for one in found["sets"]] == [2, 1]
    assert found["sets"][0]["removed"] == found["order"][:1]
    assert found["all"]["parameter_difference"] == {"to_all_electrodes": 0.0}
    for one in found["sets"]:
        assert one["driven"]["rmse"].keys() == one["hybrid"]["rmse"].keys() == {"ankle_angle_r"}
        assert set(one["removed"]) <= one["hybrid"]["correlation"].keys()


@pytest.mark.system
def test_synthesised_excitations_predict_better_than_none(run, walk, tmp_path):
    out = tmp_path / "out.json"
    removed = "lat_gas_r,semimem_r,vas_lat_r,rect_fem_r,bifemlh_r,vas_med_r,tib_ant_r,med_gas_r"
    joints = ("--joint", "knee_angle_r", "--joint", "ankle_angle_r")
    choice = ("--cycles", "22:24", "--without", removed)
    assert run("electrodes", "walking", walk, *choice, *joints, "--json", out).exit_code == 0
    (one,) = json.loads(out.read_text())["sets"]
    assert one["synergies"] == 1
    assert one["hybrid"]["rmse_mean"] < 0.9 * one["driven"]["rmse_mean"]


@pytest.mark.system
def test_calibrate_names_what_is_measured_and_what_is_synthesised(run, ankle, walk, tmp_path):
    out, me = tmp_path / "out.json", tmp_path / "me.json"
    choice = ("--cycles", "15:16", "--method", "synergy", "--synergies", "2")
    result = run("calibrate", ankle, walk, *choice, "--json", out, "--subject-out", me)
    assert result.exit_code == 0, result.output
    synergies = json.loads(out.read_text())["synergies"]
    assert synergies["count"] == 2
    assert synergies["measured"] == ["tib_ant_r", "soleus_r", "med_gas_r"]
    assert "lat_gas_r" in synergies["synthesised"]
    assert synergies["muscles"] == list(ON_THE_ANKLE)
    assert len(synergies["weights"]) == len(synergies["unit"]) == len(ON_THE_ANKLE)
    assert me.exists()


def refused(result) -> str:
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


def test_the_mistakes_a_person_can_make_are_told_in_a_sentence(run, walk, tmp_path):
    start = ("electrodes", "walking", walk, "--cycles", "15:16")
    assert "by one of --cycles" in refused(run("electrodes", "walking", walk))
    assert "['elbow']" in refused(run(*start, "--joint", "elbow"))
    assert "['nose']" in refused(run(*start, "--without", "soleus_r,nose"))
    assert "--truth" in refused(run(*start, "--truth", tmp_path / "no.json"))
    assert "--plot" in refused(run(*start, "--plot", tmp_path / "no" / "a.png"))
    every = ",".join(load_config("walking").streams.emg.channels)
    assert "No muscle of the model" in refused(run(*start, "--without", every))


def test_the_truth_of_another_arm_is_refused(run, walk, tmp_path):
    truth = tmp_path / "truth.json"
    truth.write_text('{"muscles": ["BRA"], "parameters": {}}')
    choice = ("--cycles", "15:16", "--truth", truth)
    assert "does not hold" in refused(run("electrodes", "walking", walk, *choice))
