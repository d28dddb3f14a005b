"""A set-up that cannot learn from motion is refused in a sentence."""

import json

import pytest
from click.testing import CliRunner

from daemon.assembly.skeleton import motion_pairing
from daemon.cli import main
from daemon.config import config_path, load_config
from pipeline.errors import UserError

MOMENTS = '[streams.moments]\nname = "m"\nrate_hz = 100\nunit = "N*m"\nchannels = ["elv_angle"]\n'


def accelerations(unit, channel):
    """The change that adds a stream of them."""
    text = '[streams.accelerations]\nname = "a"\nrate_hz = 100\n'
    return "[skeleton]", f'{text}unit = "{unit}"\nchannels = ["{channel}"]\n\n[skeleton]'


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('file = "models/myoarm_skeleton.json"\n', 'file = "none.json"\n'), ("cannot be read",)),
        (("[skeleton]", f"{MOMENTS}\n[skeleton]"), ("learns from no moment",)),
        (('reference = "acceleration"', 'reference = "moments"'), ("streams.external",)),
        (
            ("smoothing_window_s = 0.3", "smoothing_window_s = 0.06\n[streams.more]"),
            ("streams.more", "Extra"),
        ),
        (
            (
                'unit = "N*m"\nchannels = ["elv_angle"',
                'unit = "N*m"\nchannels = ["wrist", "elv_angle"',
            ),
            ("wrist", "does not have"),
        ),
        (accelerations("N*m", "elv_angle"), ("accelerations.unit = 'N*m'", "rad/s^2 or deg/s^2")),
        (accelerations("rad", "elv_angle"), ("accelerations.unit = 'rad'", "rad/s^2 or deg/s^2")),
        (accelerations("rad/s^2", "pro_sup"), ("names ['pro_sup']", "no angle")),
        (accelerations("rad/s^2", "wrist"), ("names ['wrist']", "no angle")),
    ],
)
def test_what_does_not_fit_is_said(torque_free_file, change, words):
    result = CliRunner().invoke(main, ["check", str(torque_free_file(change))])
    assert result.exit_code != 0
    said = result.output + str(result.exception)
    assert all(word in said for word in words), said


def test_accelerations_are_of_no_use_beside_moments(tmp_path):
    text = config_path("arm").read_text(encoding="utf-8")
    _, more = accelerations("rad/s^2", "elv_angle")
    (tmp_path / "arm.toml").write_text(text + "\n" + more.removesuffix("[skeleton]"))
    with pytest.raises(UserError, match=r"streams\.accelerations is of use with .* only"):
        load_config(tmp_path / "arm.toml")


def test_the_acceleration_of_a_joint_that_the_skeleton_lacks_is_refused(torque_free_arm):
    config = torque_free_arm(
        ('unit = "rad"\nchannels = [', 'unit = "rad"\nchannels = ["wrist", '),
        accelerations("deg/s^2", "wrist"),
    )
    with pytest.raises(UserError, match=r"accelerations\.channels names \['wrist'\]"):
        motion_pairing(config)


def test_without_a_skeleton_there_is_no_acceleration(torque_free_arm):
    text = '[skeleton]\nfile = "models/myoarm_skeleton.json"\nsmoothing_window_s = 0.3\n'
    with pytest.raises(UserError, match="needs the bones"):
        torque_free_arm((text, ""))


def test_a_bone_without_mass_is_refused(torque_free_arm, tmp_path):
    config = torque_free_arm()
    content = json.loads(config.skeleton.file.read_text(encoding="utf-8"))
    content["bones"][1]["mass_kg"] = 0.0
    (tmp_path / "light.json").write_text(json.dumps(content), encoding="utf-8")
    spoilt = config.model_copy(
        update={"skeleton": config.skeleton.model_copy(update={"file": tmp_path / "light.json"})}
    )
    with pytest.raises(UserError, match=r"'ulna'.*mass above zero"):
        motion_pairing(spoilt)


def test_a_joint_that_the_skeleton_lacks_is_refused(torque_free_arm, tmp_path):
    config = torque_free_arm()
    content = json.loads(config.skeleton.file.read_text(encoding="utf-8"))
    content["coordinates"][0] = content["hinges"][0]["name"] = "other"
    content["hinges"][0]["angle"] = {"other": 1.0}
    content["hinges"][2]["angle"] = {"other": -1.0, "shoulder_rot": 1.0}
    (tmp_path / "other.json").write_text(json.dumps(content), encoding="utf-8")
    spoilt = config.model_copy(
        update={"skeleton": config.skeleton.model_copy(update={"file": tmp_path / "other.json"})}
    )
    with pytest.raises(UserError, match=r"model.dofs names \['elv_angle'\]"):
        motion_pairing(spoilt)


def test_the_lab_names_bones_it_does_not_have(torque_free_arm):
    from daemon.simulation.lab import Lab

    with pytest.raises(UserError, match="femur"):
        Lab(torque_free_arm(("[simulation.bones.ulna]", "[simulation.bones.femur]")))
