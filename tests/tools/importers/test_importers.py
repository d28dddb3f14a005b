"""The importers, each run on its real model where its package is installed."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from numpy.testing import assert_allclose

from pipeline.geometry import Coordinate, Geometry, load_model
from tools.importers import mujoco as import_mujoco
from tools.importers import opensim as import_opensim
from tools.importers.common import ImportRequest
from tools.importers.fit_paths import Limits

ARM = [
    *("--coordinate", "elbow_flexion", "0.3", "2.0", "flexion"),
    *("--coordinate", "pro_sup", "-1", "1", "pronation"),
    *("--muscles", "BRA,BRD"),
]
LEG = [
    *("--coordinate", "knee_angle_r", "-1.5", "0", "extension"),
    *("--coordinate", "ankle_angle_r", "-0.5", "0.5", "dorsiflexion"),
    *("--muscles", "soleus_r,med_gas_r"),
]


def _has(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


needs_opensim = pytest.mark.skipif(not _has("opensim"), reason="opensim is not installed")
needs_mujoco = pytest.mark.skipif(not _has("mujoco"), reason="mujoco is not installed")


def _leg(shared_data: Path) -> Path:
    return shared_data / "walking" / "gait2392.osim"


def _arm(shared_data: Path) -> Path:
    return shared_data / "myoarm" / "myoarm_nomesh.xml"


def _run(importer: object, model: Path, output: Path, *options: str) -> Result:
    given = [str(model), "-o", str(output), "--name", "m", "--origin", "o", "--license", "l"]
    return CliRunner().invoke(importer.main, [*given, "--samples", "60", *options])  # type: ignore[attr-defined]


def _request(coordinates: tuple[Coordinate, ...], muscles: tuple[str, ...]) -> ImportRequest:
    return ImportRequest(Path(), "m", "o", "l", coordinates, muscles, 10, Limits())


@needs_opensim
def test_opensim_model_becomes_a_model_file(shared_data: Path, tmp_path: Path) -> None:
    result = _run(import_opensim, _leg(shared_data), tmp_path / "leg.json", *LEG)
    assert result.exit_code == 0, result.output
    assert "OVER THE LIMIT" not in result.output
    model = load_model(tmp_path / "leg.json")
    assert model.muscle_names == ("soleus_r", "med_gas_r")
    assert model.muscles[0].tendon_slack_length_m == 0.25
    assert model.muscles[0].path.coordinates == ("ankle_angle_r",)
    assert model.muscles[1].path.coordinates == ("knee_angle_r", "ankle_angle_r")


@needs_mujoco
def test_mujoco_model_becomes_a_model_file(shared_data: Path, tmp_path: Path) -> None:
    result = _run(import_mujoco, _arm(shared_data), tmp_path / "arm.json", *ARM)
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
    coordinates = tuple(Coordinate(name, (0.2, 1.2), "up") for name in names)
    request = _request(coordinates, ("DELT1", "DELT2", "TRIlong"))
    paths = import_mujoco.MujocoPaths(_arm(shared_data), request)
    q, step = np.array([0.6, 0.9, 0.3]), 1e-5
    _, moment_arm = paths(q)
    for dof, moved in enumerate(step * np.eye(3)):
        slope = (paths(q + moved)[0] - paths(q - moved)[0]) / (2 * step)
        assert_allclose(moment_arm[dof], -slope, rtol=0, atol=1e-8)


@needs_opensim
def test_opensim_moment_arms_are_minus_the_derivative(shared_data: Path) -> None:
    coordinates = (Coordinate("knee_angle_r", (-1.0, 0.0), "extension"),)
    request = _request(coordinates, ("rect_fem_r", "bifemsh_r"))
    paths = import_opensim.OpensimPaths(_leg(shared_data), request)
    q, step = np.array([-0.6]), 1e-5
    slope = (paths(q + step)[0] - paths(q - step)[0]) / (2 * step)
    assert_allclose(paths(q)[1][0], -slope, rtol=0, atol=1e-6)


KNEE = [
    *("--coordinate", "knee_flexion", "-0.1", "1.9", "flexion"),
    *("--muscles", "quadriceps,hamstring"),
    *("--samples", "400"),
]


@needs_opensim
@pytest.mark.parametrize("locked", [False, True])
def test_couplings_are_held_and_moment_arms_are_derivatives(
    shared_cases: Path, tmp_path: Path, locked: bool
) -> None:
    """The patella follows the knee, and a knee that is locked is unlocked for the fit."""
    knee = tmp_path / "knee.osim"
    text = (shared_cases / "coupled_knee" / "knee.osim").read_text(encoding="utf-8")
    range_ = "<range>-0.10000000000000001 2</range>"
    knee.write_text(text.replace(range_, f"{range_}<locked>{str(locked).lower()}</locked>"))
    result = _run(import_opensim, knee, tmp_path / "knee.json", *KNEE)
    assert result.exit_code == 0, result.output
    assert ("knee_flexion is locked in the model" in result.output) == locked
    table = np.genfromtxt(
        shared_cases / "coupled_knee" / "expected.csv", delimiter=",", names=True, dtype=float
    )
    names = ["knee_flexion"]
    geometry = Geometry(load_model(tmp_path / "knee.json"), names, names)
    length, moment_arm = geometry.evaluate(table["knee_flexion_rad"][:, None])
    for place, muscle in enumerate(("quadriceps", "hamstring")):
        assert_allclose(length[:, place], table[f"{muscle}_length_m"], rtol=0, atol=2e-3)
        assert_allclose(moment_arm[:, 0, place], table[f"{muscle}_moment_arm_m"], rtol=0, atol=4e-3)


@needs_opensim
def test_a_coordinate_that_follows_another_is_refused(shared_cases: Path, tmp_path: Path) -> None:
    options = ["--coordinate", "patella_flexion", "0", "1", "flexion", "--muscles", "quadriceps"]
    knee = shared_cases / "coupled_knee" / "knee.osim"
    result = _run(import_opensim, knee, tmp_path / "knee.json", *options)
    assert result.exit_code == 2
    assert "name the coordinate that moves it" in result.stderr


@needs_opensim
def test_a_muscle_over_the_limits_is_not_written_unless_accepted(
    shared_cases: Path, tmp_path: Path
) -> None:
    knee, out = shared_cases / "coupled_knee" / "knee.osim", tmp_path / "knee.json"
    strict = [*KNEE, "--max-order", "2"]
    result = _run(import_opensim, knee, out, *strict)
    assert result.exit_code == 2
    assert "quadriceps" in result.stderr
    assert "was not written" in result.stderr
    assert not out.exists()
    assert _run(import_opensim, knee, out, *strict, "--accept").exit_code == 0
    assert out.exists()


@needs_opensim
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([*LEG[:-1], "soleus"], "no coordinate or muscle called 'soleus'"),
        ([*LEG, "--coordinate", "knee", "0", "1", "x"], "no coordinate or muscle called 'knee'"),
        (["--coordinate", "knee_angle_r", "-3", "0", "extension", *LEG[-2:]], "model's own"),
        (["--coordinate", "knee_angle_r", "0", "-1", "extension", *LEG[-2:]], "must rise"),
    ],
)
def test_opensim_mistakes(shared_data: Path, tmp_path: Path, options: list[str], told: str) -> None:
    result = _run(import_opensim, _leg(shared_data), tmp_path / "leg.json", *options)
    assert result.exit_code == 2
    assert told in result.stderr


@needs_mujoco
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([*ARM[:-1], "BRACHIALIS"], "no joint or muscle called 'BRACHIALIS'"),
        (["--coordinate", "elbow_flexion", "0", "3", "flexion", *ARM[-2:]], "model's own"),
        (
            ["--coordinate", "acromioclavicular_r1", "0", "0.1", "x", *ARM[-2:]],
            "follows another joint",
        ),
    ],
)
def test_mujoco_mistakes(shared_data: Path, tmp_path: Path, options: list[str], told: str) -> None:
    result = _run(import_mujoco, _arm(shared_data), tmp_path / "arm.json", *options)
    assert result.exit_code == 2
    assert told in result.stderr


@needs_mujoco
@pytest.mark.parametrize("importer", [import_mujoco, import_opensim])
def test_a_file_that_is_no_model(importer: object, tmp_path: Path) -> None:
    if importer is import_opensim and not _has("opensim"):
        pytest.skip("opensim is not installed")
    wrong = tmp_path / "wrong.xml"
    wrong.write_text("<nothing/>", encoding="utf-8")
    result = _run(importer, wrong, tmp_path / "out.json", *ARM)
    assert result.exit_code == 2
    assert "is not a" in result.stderr


@pytest.mark.parametrize(
    ("importer", "package"), [(import_opensim, "opensim"), (import_mujoco, "mujoco")]
)
def test_without_its_package_an_importer_says_what_to_install(
    importer: object, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)  # importing it fails from here on
    model = tmp_path / "model.xml"
    model.touch()
    result = _run(importer, model, tmp_path / "out.json", *ARM)
    assert result.exit_code == 2
    assert f"hillstream[{package}]" in result.stderr
