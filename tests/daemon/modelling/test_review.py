"""What is said of a model's muscles, on muscles with a known fault each."""

import pytest

from daemon.modelling.anatomy import positive_movement, promised, side_of
from daemon.modelling.review import Finding, review
from pipeline.geometry import Coordinate, ModelFile, Muscle, MusclePath

KNEE = Coordinate("knee_angle_r", (-2.0, 0.0), "extension")


def _muscle(name: str, *coefficients: float, slack: float = 0.3, rms: float = 0.0) -> Muscle:
    """Return a muscle whose length is a polynomial of the knee's angle, x = angle + 1."""
    exponents = tuple((order,) for order in range(len(coefficients)))
    arms = {"knee_angle_r": rms}
    path = MusclePath(("knee_angle_r",), 2, exponents, coefficients, rms, rms, arms, arms)
    return Muscle(name, 100, 0.1, slack, 0, 10, path)


def _findings(*muscles: Muscle) -> list[Finding]:
    return review(ModelFile("m", "o", "l", (KNEE,), muscles))


def test_a_sound_muscle_is_not_named() -> None:
    # Longer as the knee extends (the angle rises): it flexes, as its name says.
    assert _findings(_muscle("gastroc_r", 0.39, 0.02)) == []


def test_a_gastrocnemius_that_extends_the_flexed_knee_is_named() -> None:
    # The moment arm is -0.02 - 0.04 x: a flexor but where x < -0.5, at angles below -1.5 rad.
    (found,) = _findings(_muscle("gastroc_r", 0.39, 0.02, 0.02))
    assert (found.kind, found.coordinate) == ("opposite", "knee_angle_r")
    assert found.low == pytest.approx(-0.06, abs=1e-3)
    assert found.high == pytest.approx(0.02, abs=1e-3)
    assert found.share == pytest.approx(0.24, abs=0.02)
    assert found.at_rad == pytest.approx(-1.5, abs=1e-3)
    assert "should give flexion by its name, but gives extension at 24 %" in found.sentence
    assert "zero at -86 deg" in found.sentence


def test_a_sign_that_changes_is_told_of_muscles_whose_name_promises_nothing() -> None:
    (found,) = _findings(_muscle("popliteus_r", 0.39, 0.0, 0.02))
    assert (found.kind, found.at_rad) == ("sign", pytest.approx(-1.0, abs=1e-3))


def test_a_fit_over_the_limits_is_told() -> None:
    (found,) = _findings(_muscle("gastroc_r", 0.39, 0.02, rms=2e-3))
    assert found.kind == "fit"
    assert "off by 2 mm in length and 2 mm in moment arm" in found.sentence


@pytest.mark.parametrize(("slack", "low", "high"), [(0.36, 0.1, 0.5), (0.2, 1.7, 2.1), (0.5, 0, 0)])
def test_fibres_too_short_or_too_long_are_told(slack: float, low: float, high: float) -> None:
    (found,) = _findings(_muscle("gastroc_r", 0.39, 0.02, slack=slack))
    assert found.kind == "fibre"
    assert (found.low, found.high) == (pytest.approx(low, abs=0.01), pytest.approx(high, abs=0.01))


@pytest.mark.parametrize(
    ("muscle", "coordinate", "movement"),
    [
        ("gastroc_r", "knee_angle_r", "flexion"),
        ("med_gas_l", "ankle_angle_l", "plantarflexion"),
        ("gasmed_l", "knee_angle_l", "flexion"),
        ("tib_ant_r", "ankle_angle_r", "dorsiflexion"),
        ("tibpost_r", "ankle_angle_r", "plantarflexion"),
        ("vasti_r", "knee_angle_r", "extension"),
        ("recfem_l", "hip_flexion_l", "flexion"),
        ("quad_fem_r", "knee_angle_r", None),
        ("bflh_r", "hip_flexion_r", "extension"),
        ("bfsh_r", "hip_flexion_r", None),
        ("glmax2_r", "hip_flexion_r", "extension"),
        ("glut_max1_r", "hip_flexion_r", "extension"),
        ("iliopsoas_r", "hip_flexion_r", "flexion"),
        ("BIClong", "r_elbow_flex", "flexion"),
        ("TRIlat", "elbow_flexion", "extension"),
        ("ECRB", "flexion", "extension"),
        ("FCU", "wrist_flexion", "flexion"),
        ("glut_med1_r", "hip_adduction_r", None),
        ("soleus_r", "mtp_angle_r", None),
    ],
)
def test_what_a_name_promises(muscle: str, coordinate: str, movement: str | None) -> None:
    assert promised(muscle, coordinate) == movement


def test_the_muscles_tell_what_is_positive() -> None:
    arms = [("vas_int_r", 0.04), ("bifemsh_r", -0.03), ("gastroc_r", 0.01)]
    assert positive_movement("knee_angle_r", arms) == "extension"
    assert positive_movement("knee_angle_r", [(name, -arm) for name, arm in arms]) == "flexion"
    assert positive_movement("hip_adduction_r", arms) == "adduction"
    assert positive_movement("mtp_angle_r", []) == "larger mtp_angle_r"


@pytest.mark.parametrize(
    ("name", "side"),
    [("soleus_l", "l"), ("r_elbow_flex", "r"), ("BIClong", None), ("glut_max1_r", "r")],
)
def test_the_side_of_a_name(name: str, side: str | None) -> None:
    assert side_of(name) == side
