"""A set-up drafted from a model and a recording, as the command writes it."""

import tomllib

import numpy as np
import pytest
from click.testing import CliRunner
from places import MODELS

from daemon.assembly.checks import checked_config
from daemon.commands.setup.init import init
from daemon.config import load_config
from daemon.drafting.draft import Wishes, draft, joints_of
from daemon.drafting.offer import Offer, OfferedStream, measured
from pipeline.errors import UserError
from pipeline.geometry import load_model

LEG = load_model(MODELS / "gait2392_right_leg.json")
DOFS = ("hip_flexion_r", "knee_angle_r", "ankle_angle_r")


def stream(channels, x, unit="", rate_hz=1000.0):
    name = f"stream-{len(channels)}-{x.sum()}"
    return OfferedStream(name, "", tuple(channels), unit, rate_hz, *measured(x))


def noise(seed, columns, scale=1.0):
    return scale * np.random.default_rng(seed).normal(size=(999, columns))


def offer(emg=None):
    emg = emg or stream(["SOL R", "TA R", "VL R", "Sensor 9"], noise(1, 4, 2e-4), "V")
    angles = stream(DOFS, noise(2, 3), "rad", 100.0)
    moments = stream(DOFS, noise(3, 3, 50.0), "N*m", 100.0)
    return Offer("walk.npz", 9.0, {"emg": emg, "angles": angles, "moments": moments})


def drafted(offered, ask=lambda question, known: (), joints=()):
    wishes = Wishes(title="T", model_file=str(MODELS / "gait2392_right_leg.json"), recordings={})
    chosen = joints_of(offered, LEG.coordinate_names, joints, "")
    return draft(offered, LEG, chosen, wishes, ask)


def written(text, tmp_path):
    (tmp_path / "me.toml").write_text(text)
    return checked_config(str(tmp_path / "me.toml"))


def test_raw_emg_gets_mvc_values_to_start_with_and_the_file_is_sound(tmp_path):
    found = drafted(offer())
    config = written(found.text, tmp_path)
    assert config.envelope.kind == "raw"
    assert set(config.envelope.mvc) == {"SOL R", "TA R", "VL R"}
    assert all(1e-4 < value < 4e-4 for value in config.envelope.mvc.values())
    assert config.model.muscles["vas_med_r"] == ["VL R"]
    assert any("Sensor 9" in one for one in found.left_out)


def test_a_channel_of_unknown_name_is_asked_about(tmp_path):
    asked = []

    def ask(question, known):
        asked.append(question)
        return ["psoas_r"]

    config = written(drafted(offer(), ask).text, tmp_path)
    assert asked == ["Which muscle is 'Sensor 9' on?"]
    assert config.model.muscles["psoas_r"] == ["Sensor 9"]


def test_a_unit_that_nobody_states_is_guessed_from_the_values_and_told(tmp_path):
    angles = stream(DOFS, noise(3, 3, 30.0), "", 100.0)
    moments = stream(DOFS, noise(4, 3, 30.0), "N*m", 100.0)
    emg = stream(["SOL", "TA"], np.random.default_rng(4).uniform(0, 0.4, size=(99, 2)))
    found = drafted(Offer("walk.csv", 1.0, {"emg": emg, "angles": angles, "moments": moments}))
    config = written(found.text, tmp_path)
    assert (config.streams.angles.unit, config.streams.emg.unit) == ("deg", "1")
    assert (config.envelope.kind, config.envelope.scaled_to) == ("envelope", "unknown")
    assert any("angles state no unit" in one for one in found.guessed)


def test_one_joint_of_a_model_leaves_the_others_measured_or_held(tmp_path):
    offered = offer()
    config = written(drafted(offered, joints=("ankle_angle_r",)).text, tmp_path)
    assert config.streams.angles.channels[0] == "ankle_angle_r"
    assert set(config.streams.angles.channels) == set(DOFS)
    short = {
        "angles": stream(["ankle_angle_r"], np.zeros((9, 1)), "rad", 100.0),
        "moments": stream(["ankle_angle_r"], np.ones((9, 1)), "N*m", 100.0),
    }
    held = Offer("a", 1.0, {**offered.streams, **short})
    config = written(drafted(held).text, tmp_path)
    assert config.model.fixed_angles_rad == {"hip_flexion_r": 0.0, "knee_angle_r": 0.0}


def test_no_electrode_on_any_muscle_is_refused():
    emg = stream(["a", "b"], np.zeros((9, 2)), "V")
    with pytest.raises(UserError, match="No EMG channel is called after a muscle"):
        drafted(offer(emg))


def test_names_that_toml_must_quote_come_back_as_they_were(tmp_path):
    emg = stream(['SOL "R"', "TA, R\\x\x7f"], np.full((9, 2), 0.5))
    found = drafted(offer(emg), lambda question, known: ["tib_ant_r"])
    assert tomllib.loads(found.text)["streams"]["emg"]["channels"][0] == 'SOL "R"'
    written(found.text, tmp_path)


def test_the_walking_recording_drafts_the_muscles_that_its_set_up_has(shared_data, tmp_path):
    out, walk = tmp_path / "walk.toml", shared_data / "walking" / "walk36.npz"
    model = MODELS / "gait2392_right_leg.json"
    arguments = ["--model", str(model), str(walk), "-o", str(out), "--yes"]
    result = CliRunner().invoke(init, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert "Guessed, to be checked" in result.output
    config = load_config(out)
    assert config.model.muscles == load_config("walking").model.muscles
    assert config.recording.files == [walk]
    again = CliRunner().invoke(init, arguments)
    assert isinstance(again.exception, UserError)
