"""Fits of source models, each on its real model where its package is installed."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from numpy.testing import assert_allclose

from daemon.cli import main
from daemon.modelling.fit_paths import Limits
from daemon.modelling.mujoco import MujocoPaths
from daemon.modelling.opensim import OpensimPaths
from daemon.modelling.source import Wanted
from pipeline.errors import UserError
from pipeline.geometry import Geometry, load_model
from pipeline.metrics import rms

ARM = [
    *("--joints", "elbow_flexion,pro_sup", "--muscles", "BRA,BRD"),
    *("--range", "elbow_flexion=0.3:2rad", "--range", "pro_sup=-1:1rad"),
]
LEG = [
    *("--joints", "knee_angle_r,ankle_angle_r", "--muscles", "soleus_r,med_gas_r"),
    *("--range", "knee_angle_r=-86:0deg", "--range", "ankle_angle_r=-29:29deg"),
]


def _has(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


needs_opensim = pytest.mark.skipif(not _has("opensim"), reason="opensim is not installed")
needs_mujoco = pytest.mark.skipif(not _has("mujoco"), reason="mujoco is not installed")


def _leg(shared_data: Path) -> Path:
    return shared_data / "walking" / "gait2392.osim"


def _arm(shared_data: Path) -> Path:
    return shared_data / "myoarm" / "myoarm_nomesh.xml"


def _run(model: Path, output: Path, *options: str) -> Result:
    given = ["model", "fit", str(model), "-o", str(output), "--processes", "1", "--samples", "60"]
    return CliRunner().invoke(main, [*given, *options])


def _quiet_opensim() -> Any:
    """Return the package, told to write no log into the working folder."""
    opensim = importlib.import_module("opensim")
    opensim.Logger.setLevelString("off")
    return opensim


@needs_opensim
def test_opensim_model_becomes_a_model_file(shared_data: Path, tmp_path: Path) -> None:
    result = _run(_leg(shared_data), tmp_path / "leg.json", *LEG)
    assert result.exit_code == 0, result.output
    assert "OVER THE LIMIT" not in result.output
    model = load_model(tmp_path / "leg.json")
    assert model.muscle_names == ("soleus_r", "med_gas_r")
    assert model.muscles[0].tendon_slack_length_m == 0.25
    assert model.muscles[0].path.coordinates == ("ankle_angle_r",)
    assert model.muscles[1].path.coordinates == ("knee_angle_r", "ankle_angle_r")


@needs_mujoco
def test_mujoco_model_becomes_a_model_file(shared_data: Path, tmp_path: Path) -> None:
    result = _run(_arm(shared_data), tmp_path / "arm.json", *ARM)
    assert result.exit_code == 0, result.output
    model = load_model(tmp_path / "arm.json")
    assert model.muscle_names == ("BRA", "BRD")
    assert model.muscles[0].max_isometric_force_n == 1168.76
    q = np.array([[1.0, 0.2]])
    _, moment_arm = Geometry(model, model.coordinate_names, model.coordinate_names).evaluate(q)
    assert 0.01 < moment_arm[0, 0, 0] < 0.03


@needs_mujoco
def test_mujoco_moment_arms_are_total_derivatives_along_the_couplings(shared_data: Path) -> None:
    """Raising the arm turns clavicle and scapula as well; the deltoid's moment arm has it all."""
    names = ("elv_angle", "shoulder_elv", "shoulder_rot")
    paths = MujocoPaths(Wanted(_arm(shared_data), names, ("DELT1", "DELT2", "TRIlong")))
    q, step = np.array([0.6, 0.9, 0.3]), 1e-5
    _, moment_arm = paths(q)
    for dof, moved in enumerate(step * np.eye(3)):
        slope = (paths(q + moved)[0] - paths(q - moved)[0]) / (2 * step)
        assert_allclose(moment_arm[dof], -slope, rtol=0, atol=1e-8)


@needs_opensim
def test_opensim_moment_arms_are_minus_the_derivative(shared_data: Path) -> None:
    """Without constraints OpenSim's own moment arms are that derivative too, another way."""
    opensim = _quiet_opensim()

    names = ("rect_fem_r", "bifemsh_r")
    _, found = OpensimPaths(Wanted(_leg(shared_data), ("knee_angle_r",), names))(np.array([-0.6]))
    model = opensim.Model(str(_leg(shared_data)))
    state, knee = model.initSystem(), model.getCoordinateSet().get("knee_angle_r")
    knee.setValue(state, -0.6)
    expected = [model.getMuscles().get(name).computeMomentArm(state, knee) for name in names]
    assert_allclose(found[0], expected, rtol=0, atol=1e-6)


KNEE = [
    *("--joints", "knee_flexion", "--range", "knee_flexion=-0.1:2rad", "--samples", "400"),
]


@needs_opensim
def test_the_patella_follows_the_knee_in_length_and_moment_arm(
    shared_cases: Path, tmp_path: Path
) -> None:
    folder, out = shared_cases / "coupled_knee", tmp_path / "knee.json"
    result = _run(folder / "knee.osim", out, *KNEE)
    assert result.exit_code == 0, result.output
    expected = np.loadtxt(folder / "expected.csv", delimiter=",", skiprows=1)
    geometry = Geometry(load_model(out), ["knee_flexion"], ["knee_flexion"])
    length, moment_arm = geometry.evaluate(expected[:, :1])
    for muscle in range(2):
        assert rms(length[:, muscle] - expected[:, 1 + muscle]) < Limits().length_rms_m
        assert rms(moment_arm[:, 0, muscle] - expected[:, 3 + muscle]) < Limits().moment_arm_rms_m


@needs_opensim
def test_a_coordinate_that_follows_is_not_fitted(shared_cases: Path, tmp_path: Path) -> None:
    knee = shared_cases / "coupled_knee" / "knee.osim"
    wanted = [word.replace("knee_flexion", "patella_flexion") for word in KNEE]
    result = _run(knee, tmp_path / "knee.json", *wanted)
    assert result.exit_code == 2
    assert "'patella_flexion' follows another coordinate" in result.stderr


@needs_opensim
def test_a_linkage_is_closed_at_every_posture(tmp_path: Path) -> None:
    """Two bars of one length and a rod between their tips: the second turns as the first does."""
    paths = OpensimPaths(Wanted(_bars(tmp_path / "bars.osim"), ("lead",)))
    for angle in (-0.8, 0.9, 0.2):
        length, moment_arm = paths(np.array([angle]))
        line = np.array([-0.15 - 0.25 * np.sin(angle), 0.25 * np.cos(angle) - 0.05])
        slope = line @ [-0.25 * np.cos(angle), -0.25 * np.sin(angle)] / np.linalg.norm(line)
        assert length[0] == pytest.approx(np.linalg.norm(line), abs=1e-8)
        assert moment_arm[0, 0] == pytest.approx(-slope, abs=1e-5)


def _bars(file: Path) -> Path:
    """Write a model of two bars that turn about pins, a rod between their tips, and a muscle."""
    opensim = _quiet_opensim()

    model, none = opensim.Model(), opensim.Vec3(0)
    bars = {}
    for name, place in (("lead", 0.0), ("follow", 0.2)):
        bar = bars[name] = opensim.Body(name, 1, none, opensim.Inertia(0.1))
        model.addBody(bar)
        ground, pin = model.getGround(), opensim.Vec3(place, 0, 0)
        joint = opensim.PinJoint(f"{name}_pin", ground, pin, none, bar, none, none)
        joint.updCoordinate().setName(name)
        joint.updCoordinate().setRangeMin(-1.5)
        joint.updCoordinate().setRangeMax(1.5)
        model.addJoint(joint)
    tip = opensim.Vec3(0, 0.3, 0)
    model.addConstraint(
        opensim.ConstantDistanceConstraint(bars["lead"], tip, bars["follow"], tip, 0.2)
    )
    muscle = opensim.Millard2012EquilibriumMuscle("m", 100, 0.1, 0.2, 0)
    muscle.addNewPathPoint("from", model.getGround(), opensim.Vec3(0.35, 0.05, 0))
    muscle.addNewPathPoint("to", bars["follow"], opensim.Vec3(0, 0.25, 0))
    model.addForce(muscle)
    model.finalizeConnections()
    model.printToXML(str(file))
    return file


@needs_opensim
def test_a_locked_coordinate_is_freed_for_the_fit_and_told(
    shared_data: Path, tmp_path: Path
) -> None:
    opensim = _quiet_opensim()

    model = opensim.Model(str(_leg(shared_data)))
    model.updCoordinateSet().get("subtalar_angle_r").set_locked(True)
    model.printToXML(str(tmp_path / "locked.osim"))
    wanted = ["--joints", "subtalar_angle_r,knee_angle_r,ankle_angle_r", *LEG[2:]]
    wanted += ["--range", "subtalar_angle_r=-0.3:0.3rad"]
    for file, told in ((_leg(shared_data), False), (tmp_path / "locked.osim", True)):
        result = _run(file, tmp_path / f"{told}.json", *wanted)
        assert result.exit_code == 0, result.output
        assert ("'subtalar_angle_r' is locked" in result.output) == told
    free, locked = (load_model(tmp_path / f"{told}.json").muscles[0].path for told in (False, True))
    assert "subtalar_angle_r" in locked.coordinates
    assert_allclose(locked.coefficients, free.coefficients, rtol=0, atol=1e-9)


@needs_opensim
def test_a_muscle_over_the_limit_is_written_only_if_accepted(
    shared_cases: Path, tmp_path: Path
) -> None:
    knee, out = shared_cases / "coupled_knee" / "knee.osim", tmp_path / "knee.json"
    coarse = [*KNEE, "--max-order", "3"]
    result = _run(knee, out, *coarse)
    assert result.exit_code == 2
    assert "The errors of quadriceps exceed a limit, so nothing was written" in result.stderr
    assert not out.exists()
    assert _run(knee, out, *coarse, "--accept").exit_code == 0
    before = out.read_bytes()
    refused = _run(knee, out, *KNEE)
    assert refused.exit_code == 2
    assert "would be overwritten" in refused.stderr
    assert out.read_bytes() == before
    assert _run(knee, out, *KNEE, "--overwrite").exit_code == 0
    assert out.read_bytes() != before


@needs_opensim
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([*LEG, "--muscles", "soleus"], "no muscle called 'soleus'; it has "),
        ([*LEG, "--joints", "knee"], "no coordinate called 'knee'; it has "),
        ([*LEG, "--joints", "pelvis_tx"], "'pelvis_tx' of "),
        ([*LEG, "--joints", "hip_flexion_r"], "'knee_angle_r' is none of the joints"),
        ([*LEG, "--joints", "knee_angle_r,knee_angle_r"], "named twice"),
        ([*LEG, "--without", "vas_int_r"], "no muscle 'vas_int_r' to leave out"),
        ([*LEG[:4], "--range", "knee_angle_r=-170:0deg"], "the model's own"),
        ([*LEG[:4], "--range", "knee_angle_r=0:-1rad"], "must rise"),
        ([*LEG[:4], "--range", "knee_angle_r=0:1"], "for example knee_angle_l=-10:120deg"),
    ],
)
def test_opensim_mistakes(shared_data: Path, tmp_path: Path, options: list[str], told: str) -> None:
    result = _run(_leg(shared_data), tmp_path / "leg.json", *options)
    assert result.exit_code == 2
    assert told in result.stderr


@needs_mujoco
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([*ARM, "--muscles", "BRACHIALIS"], "no muscle called 'BRACHIALIS'"),
        ([*ARM[:4], "--range", "elbow_flexion=0:3rad"], "the model's own"),
        ([*ARM[:4], "--joints", "acromioclavicular_r1"], "follows another joint"),
    ],
)
def test_mujoco_mistakes(shared_data: Path, tmp_path: Path, options: list[str], told: str) -> None:
    result = _run(_arm(shared_data), tmp_path / "arm.json", *options)
    assert result.exit_code == 2
    assert told in result.stderr


CHAIN = """<mujoco><worldbody><body><joint name="a" range="-60 60"/><geom size=".1"/>
<body pos="0 0 .3"><joint name="b"/><geom size=".1"/>
<body pos="0 0 .3"><joint name="c"/><geom size=".1"/><site name="tip" pos=".1 0 .2"/>
<joint name="d" axis="0 1 0"/></body></body></body><site name="base" pos=".2 0 0"/></worldbody>
<tendon><spatial name="t"><site site="base"/><site site="tip"/></spatial></tendon>
<actuator><muscle name="m" tendon="t" lengthrange=".3 .9"/></actuator>
<equality><joint joint1="c" joint2="b" polycoef="0 2 0 0 0"/>
<joint joint1="b" joint2="a" polycoef="0 .5 0 0 0"/><joint joint1="d" polycoef=".3 0 0 0 0"/>
{more}</equality></mujoco>"""


@needs_mujoco
def test_mujoco_joints_follow_one_another_or_are_held(tmp_path: Path) -> None:
    """The same muscle, its joints b, c and d set by hand to what a asks of them."""
    import mujoco

    file, angle = tmp_path / "chain.xml", 0.4
    file.write_text(CHAIN.format(more=""), encoding="utf-8")
    length, moment_arm = MujocoPaths(Wanted(file, ("a",)))(np.array([angle]))
    model = mujoco.MjModel.from_xml_path(str(file))

    def by_hand(a: float) -> float:
        data = mujoco.MjData(model)
        data.qpos[:] = [a, 0.5 * a, a, 0.3]
        mujoco.mj_fwdPosition(model, data)
        return float(data.ten_length[0])

    slope = (by_hand(angle + 1e-5) - by_hand(angle - 1e-5)) / 2e-5
    assert length[0] == pytest.approx(by_hand(angle), abs=1e-12)
    assert moment_arm[0, 0] == pytest.approx(-slope, abs=1e-8)


@needs_mujoco
def test_a_mujoco_constraint_that_cannot_be_held_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "chain.xml"
    file.write_text(CHAIN.format(more='<connect name="pin" site1="tip" site2="base"/>'))
    with pytest.raises(UserError, match=r"'pin' \(connect\) cannot be held"):
        MujocoPaths(Wanted(file, ("a",)))


@needs_mujoco
@needs_opensim
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("wrong.xml", "is not a MuJoCo model"),
        ("wrong.osim", "is not a model that OpenSim can read"),
        ("wrong.txt", "give an OpenSim model"),
    ],
)
def test_a_file_that_is_no_model(name: str, told: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("<nothing/>", encoding="utf-8")
    result = _run(tmp_path / name, tmp_path / "out.json", *ARM)
    assert result.exit_code == 2
    assert told in result.stderr
    assert _run(tmp_path / f"not_{name}", tmp_path / "out.json", *ARM).exit_code == 2


@pytest.mark.parametrize(("suffix", "package"), [(".osim", "opensim"), (".xml", "mujoco")])
def test_without_its_package_a_model_says_what_to_install(
    suffix: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)  # importing it fails from here on
    model = (tmp_path / "model").with_suffix(suffix)
    model.touch()
    result = _run(model, tmp_path / "out.json", *ARM)
    assert result.exit_code == 2
    assert f"pip install 'hillstream[{package}]'" in result.stderr


@needs_opensim
@pytest.mark.parametrize("name", ["quad/ri ceps", "quad*ri+ceps"])
def test_names_that_opensim_refuses_are_kept(name: str, shared_cases: Path, tmp_path: Path) -> None:
    text = (shared_cases / "coupled_knee" / "knee.osim").read_text(encoding="utf-8")
    file, out = tmp_path / "a leg.osim", tmp_path / "leg.json"
    file.write_text(text.replace('"quadriceps"', f'"{name}"'), encoding="utf-8")
    result = _run(file, out, *KNEE)
    assert result.exit_code == 0, result.output
    assert load_model(out).muscle_names == (name, "hamstring")


@needs_mujoco
def test_missing_meshes_do_not_matter(tmp_path: Path) -> None:
    whole, lacking = tmp_path / "whole.xml", tmp_path / "lacking.xml"
    mesh = (
        '<asset><mesh name="bone" file="no.stl"/></asset><worldbody><geom type="mesh" mesh="bone"/>'
    )
    text = CHAIN.format(more="")
    whole.write_text(text, encoding="utf-8")
    lacking.write_text(text.replace("<worldbody>", mesh), encoding="utf-8")
    with_it, without = (MujocoPaths(Wanted(file, ("a",))) for file in (whole, lacking))
    q = np.array([0.3])
    assert_allclose(without(q)[1], with_it(q)[1], rtol=0, atol=1e-12)
    assert "Meshes of lacking.xml cannot be read" in without.notes[0]


@needs_opensim
def test_a_side_names_the_joints_and_leaves_out_the_other_leg(
    shared_data: Path, tmp_path: Path
) -> None:
    """A joint in the middle has no side; muscles of the trunk on the other side cross it too."""
    out = tmp_path / "trunk.json"
    wanted = ["--joints", "lumbar_extension,ankle_angle", "--side", "l", "--accept"]
    wanted += ["--range", "lumbar_extension=-20:20deg", "--range", "ankle_angle_l=-20:20deg"]
    result = _run(_leg(shared_data), out, *wanted)
    assert result.exit_code == 0, result.output
    model = load_model(out)
    assert model.coordinate_names == ("lumbar_extension", "ankle_angle_l")
    assert {"ercspn_l", "soleus_l"} < set(model.muscle_names)
    assert all(name.endswith("_l") for name in model.muscle_names)
