import json
import subprocess
import sys

import pytest
from places import CONFIGS, MODELS


@pytest.mark.parametrize("name", ["arm", "walking"])
def test_the_shipped_set_ups_are_sound(hillstream, name):
    result = hillstream("check", name)
    assert result.exit_code == 0, result.output
    assert f"Next: hillstream streams {name}" in result.output


def test_check_needs_neither_torch_nor_lsl():
    code = (
        "import sys\n"
        "from daemon.assembly.checks import checked_config\n"
        "checked_config('arm')\n"
        "print(sorted({'torch', 'pylsl'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_the_summary_names_streams_model_and_calibrator(hillstream):
    output = hillstream("check", "arm").output
    for words in ("10 channels in V at 1000 Hz", "MyoArm", "all with EMG", "every 1 s over 10 s"):
        assert words in output


def test_the_summary_names_curves_tendons_and_the_rate_of_the_muscles(hillstream, changed_config):
    assert "curves degroote2016, elastic tendons" in hillstream("check", "arm").output
    chosen = '[model]\ncurves = "millard2013"\ntendon = "rigid"\n'
    path = changed_config("arm", {"[model]\n": chosen}, "[output]\nmuscles_hz = 20\n")
    told = hillstream("check", path).output
    assert "curves millard2013, rigid tendons" in told
    assert "each muscle at 20 Hz" in " ".join(told.split())


def test_a_muscle_without_emg_is_pointed_out(hillstream, changed_config):
    without = {'BRD = ["BRD"]\n': "", "[model]\n": '[model]\nuse_muscles = "all"\n'}
    path = changed_config("arm", without)
    said = "10, without an EMG channel, driven by what the others do: BRD"
    assert said in hillstream("check", path).output
    passive = "[failover]\nenabled = false\n"
    said = "10, without an EMG channel, so passive: BRD"
    assert said in hillstream("check", changed_config("arm", without, passive)).output


def test_muscles_of_the_file_that_are_not_used_are_counted(hillstream, changed_config):
    path = changed_config("arm", {'BRD = ["BRD"]\n': ""})
    assert "9, all with EMG; 1 more of the file" in hillstream("check", path).output


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ('"most"', "model.use_muscles: use 'driven', 'all' or a list of muscles (got 'most')"),
        ('["psoas_r"]', "use_muscles leaves out ['bifemlh_r', 'bifemsh_r',"),
        (
            "[DRIVEN, 'psoas_l']",
            "model.use_muscles: 'psoas_l' is no muscle of the model (tib_ant_r,",
        ),
    ],
)
def test_a_wrong_choice_of_muscles_is_told(hillstream, changed_config, chosen, told):
    from daemon.config import load_config

    driven = str(list(load_config("walking").model.muscles)).strip("[]")
    chosen = chosen.replace("DRIVEN", driven)
    path = changed_config("walking", {'use_muscles = "all"\n': f"use_muscles = {chosen}\n"})
    result = hillstream("check", path)
    assert result.exit_code == 2
    assert told in result.output
    assert "has one mistake" in result.output


def test_five_mistakes_in_the_fields_are_all_told(hillstream, changed_config):
    path = changed_config(
        "arm",
        {
            "rate_hz = 1000": "rate_hz = -1000",
            'unit = "rad"': 'unit = "turns"',
            "lowpass_hz = 6.0": "lowpas_hz = 6.0",
            'kind = "raw"': 'kind = "rough"',
            "fixed_angles_rad": "electromechanical_delay_s = 6\nfixed_angles_rad",
        },
    )
    result = hillstream("check", path)
    assert result.exit_code == 2
    assert "has 5 mistakes" in result.output
    for place in ("emg.rate_hz", "angles.unit", "lowpas_hz", "kind", "electromechanical_delay"):
        assert place in result.output
    assert "Traceback" not in result.output


def test_every_part_that_does_not_fit_is_told(hillstream, changed_config):
    path = changed_config(
        "arm",
        {
            "rate_hz = 1000": "rate_hz = 500",
            "pro_sup = 0.0": "pronation = 0.0",
            'dofs = ["elv_angle",': 'dofs = ["elv_angle", "wrist_flexion",',
            "[simulation.strength]\n": "[simulation.strength]\nDELT9 = 1.5\n",
        },
        "[calibrator]\nholdout_s = 20\nburn_in_s = 2\nsegment_s = 1\n"
        '[calibrator.strength_groups]\nelbow = ["BRA", "BRD"]\nforearm = ["BRD", "BRACHIALIS"]\n',
    )
    result = hillstream("check", path)
    assert result.exit_code == 2
    for words in (
        "needs more than 600 Hz",
        "model.fixed_angles_rad: 'pronation'",
        "Coordinate 'pro_sup' of the model has 0 angles",
        "model.dofs: 'wrist_flexion' has no channel",
        "model.dofs: 'wrist_flexion' is no coordinate",
        "simulation.strength: 'DELT9'",
        "calibrator.burn_in_s (2 s)",
        "calibrator.holdout_s (20 s)",
        "calibrator.min_data_s (3 s) leaves the first update nothing",
        "'BRD' 2 times",
        "forearm: 'BRACHIALIS'",
    ):
        assert words in result.output
    assert "Traceback" not in result.output


def test_a_missing_model_is_one_of_the_mistakes(hillstream, changed_config):
    path = changed_config("walking", {"gait2392_right_leg": "gait2392_third_leg"})
    result = hillstream("check", path)
    assert result.exit_code == 2
    assert "gait2392_third_leg.json cannot be read" in result.output


def test_the_subject_has_to_belong_to_the_model(hillstream, changed_config, tmp_path):
    from daemon.assembly.model import model_in_use
    from daemon.assembly.subject import generic_subject
    from daemon.config import load_config

    leg = generic_subject(model_in_use(load_config("walking")))
    leg.save(tmp_path / "leg.json")
    path = changed_config("arm", {"[model]\n": '[model]\nsubject = "leg.json"\n'})
    result = hillstream("check", path)
    assert result.exit_code == 2
    assert "the subject that belongs to the model" in result.output


@pytest.mark.parametrize("command", ["check", "run", "demo", "simulate", "streams"])
def test_a_configuration_that_does_not_exist_is_refused(hillstream, command):
    result = hillstream(command, "no-such-lab")
    assert result.exit_code == 2
    assert "'no-such-lab' does not exist" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("command", ["run", "demo"])
def test_what_check_refuses_is_not_run_either(hillstream, changed_config, command):
    path = changed_config("arm", {"rate_hz = 1000": "rate_hz = 500"})
    result = hillstream(command, path, "--seconds", "5")
    assert result.exit_code == 2
    assert "needs more than 600 Hz" in result.output


def test_raw_emg_without_mvc_is_refused_by_channel(hillstream, changed_config):
    path = changed_config("arm", {"DELT1 = 4.0e-4\n": "", "BRD = 4.0e-4\n": ""})
    result = hillstream("check", path)
    assert result.exit_code == 2
    assert "envelope.mvc has no value for DELT1, BRD;" in result.output


def test_more_muscles_than_a_message_tells_of_are_a_mistake_where_it_is_asked_for(
    hillstream, changed_config, tmp_path
):
    model = json.loads((MODELS / "gait2392_right_leg.json").read_text())
    model["muscles"] = [
        {**muscle, "name": f"{muscle['name']}{i or ''}"}
        for i in range(20)
        for muscle in model["muscles"]
    ]
    many = tmp_path / "many.json"
    many.write_text(json.dumps(model))
    changes = {f'"{CONFIGS}/models/gait2392_right_leg.json"': f'"{many}"'}
    assert hillstream("check", changed_config("walking", changes)).exit_code == 0
    result = hillstream("check", changed_config("walking", changes, "[output]\nmuscles_hz = 20\n"))
    assert result.exit_code == 2
    assert "what 860 muscles do does not fit into a message, which tells of at most 512" in (
        " ".join(result.output.split())
    )
