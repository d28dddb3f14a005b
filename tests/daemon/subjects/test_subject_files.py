"""Persons from other tools' files, and back."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from curve_sets import sampled_of
from hypothesis import given
from hypothesis import strategies as st

from daemon.assembly.model import model_in_use
from daemon.config import load_config
from daemon.subjects.ceinms import DIALECTS, write_ceinms
from daemon.subjects.importing import import_subject
from daemon.subjects.xml_file import read_xml
from pipeline.errors import UserError
from pipeline.model.activation import shaped
from pipeline.model.curves import curve_set
from pipeline.model.subject import Subject

SPANS = {
    "active_force_length": (0.3, 1.8),
    "force_velocity": (-1.0, 1.0),
    "passive_force_length": (0.2, 1.8),
    "tendon_force": (-0.001, 0.09),
}
MUSCLE = """<muscle><name>{name}</name><C1>-0.5</C1><C2>-0.4</C2><shapeFactor>-1</shapeFactor>
<optimalFiberLength>{length}</optimalFiberLength><pennationAngle>45</pennationAngle>
<tendonSlackLength>0.25</tendonSlackLength><maxIsometricForce>1000</maxIsometricForce>
<strengthCoefficient>1.5</strengthCoefficient></muscle>"""


@pytest.fixture
def file(tmp_path):
    """Write text to a file of that name."""

    def write(text: str, name: str = "subject.xml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def ceinms_rt(*muscles: tuple[str, str]) -> str:
    inside = "".join(MUSCLE.format(name=name, length=length) for name, length in muscles)
    return f"<subject><muscles>{inside}</muscles></subject>"


def a_person(values: list[float]) -> Subject:
    n = len(values)
    x = np.array(values)
    return Subject(
        muscles=tuple(f"m{i}" for i in range(n)),
        max_isometric_force=1000 * (1 + x),
        optimal_fibre_length=0.05 + 0.1 * x,
        tendon_slack_length=0.1 + 0.2 * x,
        pennation=0.6 * x,
        max_velocity=np.full(n, 10.0),
        damping=np.full(n, 0.01),
        strength=0.5 + 2 * x,
        gain=np.ones(n),
        shape_factor=-0.01 - 2.99 * x,
        c1=-0.05 - 0.9 * x,
        c2=-0.05 - 0.9 * x**2,
    )


def assert_same(one: Subject, other: Subject) -> None:
    assert one.muscles == other.muscles
    for key, value in vars(one).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_allclose(getattr(other, key), value, rtol=1e-14, atol=1e-17)


@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=5), st.sampled_from(sorted(DIALECTS)))
def test_what_is_written_is_read_again(tmp_path_factory, values, dialect):
    path = tmp_path_factory.getbasetemp() / f"{dialect}.xml"
    person = a_person(values)
    write_ceinms(person, path, DIALECTS[dialect])
    again, notes = import_subject(path)
    assert_same(person, again)
    assert notes == []
    for name in SPANS if dialect == "ceinms" else tuple(SPANS)[:3]:
        at = torch.linspace(*SPANS[name], 50, dtype=torch.float64)
        one, other = (getattr(curve_set(p.curves), name)(at)[0] for p in (person, again))
        np.testing.assert_allclose(other, one, rtol=0.005, atol=0.01)


def test_joints_and_channels_are_written_for_the_tool(tmp_path):
    path = tmp_path / "subject.xml"
    joints, channels = {"knee": ["m0", "m1"]}, {"emg": ["m1"]}
    write_ceinms(a_person([0.2, 0.4]), path, DIALECTS["ceinms-rt"], joints, channels)
    root = read_xml(path)
    assert root.findtext("DoFs/DoF/muscleSequence") == "m0 m1"
    assert root.findtext("Channels/Channel/name") == "emg"
    write_ceinms(a_person([0.2, 0.4]), path, DIALECTS["ceinms"], joints, channels)
    assert read_xml(path).findtext("dofSet/dof/mtuNameSet") == "m0 m1"


def test_each_muscle_is_written_with_its_curves_where_they_differ(tmp_path):
    subject, file = a_person([1.0, 2.0]), tmp_path / "subject.xml"
    write_ceinms(replace(subject, curves=sampled_of(2)), file, DIALECTS["ceinms-rt"])
    passive = []
    for muscle in read_xml(file).iter("muscle"):
        (curve,) = (c for c in muscle.iter("Curve") if c.findtext("name") == "passiveForceLength")
        x, y = (np.array(curve.findtext(tag).split(), float) for tag in ("xPoints", "yPoints"))
        passive.append(np.interp(1.5, x, y))
    assert passive == pytest.approx([0.25, 0.5], rel=0.01)


def test_the_curves_that_are_written_rise_in_x_and_are_those_of_the_muscle(tmp_path):
    path = tmp_path / "subject.xml"
    write_ceinms(a_person([0.5]), path, DIALECTS["ceinms-rt"])
    curves = {
        curve.findtext("name"): [
            np.array((curve.findtext(tag) or "").split(), dtype=float)
            for tag in ("xPoints", "yPoints")
        ]
        for curve in read_xml(path).iter("Curve")
    }
    assert all((np.diff(x) > 0).all() and (y >= 0).all() for x, y in curves.values())
    assert np.interp(1.0, *curves["activeForceLength"]) == pytest.approx(1.0, abs=0.01)
    assert np.interp(1.6, *curves["passiveForceLength"]) == pytest.approx(1.0, abs=0.03)
    assert np.interp(0.0, *curves["forceVelocity"]) == pytest.approx(1.0, abs=0.01)


def ceinms(text: str) -> str:
    """Return a subject of CEINMS-RT in the words of CEINMS, with 0.4 rad of pennation."""
    for before, after in {
        "muscles>": "mtuSet>",
        "muscle>": "mtu>",
        "FiberLength": "FibreLength",
        "C1>": "c1>",
        "C2>": "c2>",
        ">45<": ">0.4<",
    }.items():
        text = text.replace(before, after)
    return text


def with_field(text: str, field: str) -> str:
    """Return a subject whose muscles have a field more."""
    return text.replace("<strengthC", f"{field}<strengthC")


def test_degrees_and_radians_are_told_apart_by_the_tool(file):
    rt = ceinms_rt(("soleus", "0.05"))
    assert import_subject(file(rt))[0].pennation[0] == pytest.approx(np.pi / 4)
    subject, _ = import_subject(file(ceinms(rt)))
    assert subject.pennation[0] == pytest.approx(0.4)
    assert (subject.c1[0], subject.c2[0]) == (-0.5, -0.4)


@pytest.mark.parametrize("words", [str, ceinms])
@pytest.mark.parametrize(("unit", "angle"), [("deg", 25.0), ("rad", 0.4363323)])
def test_the_unit_that_the_file_states_is_the_pennations(file, words, unit, angle):
    text = ceinms_rt(("soleus", "0.05")).replace(">45<", f' unit="{unit}">{angle}<')
    text = text.replace("<pennationAngle> unit", "<pennationAngle unit")
    assert import_subject(file(words(text)))[0].pennation[0] == pytest.approx(np.radians(25))


def test_velocity_and_delay_are_taken_from_the_muscle_or_else_from_the_defaults(file):
    text = ceinms(ceinms_rt(("a", "0.05"), ("b", "0.05")))
    defaults = "<mtuDefault><emDelay>0.02</emDelay><damping>0.1</damping></mtuDefault><mtuSet>"
    text = text.replace("<mtuSet>", defaults)
    text = with_field(text, "<maxContractionVelocity>12</maxContractionVelocity>")
    subject, notes = import_subject(file(text))
    assert subject.max_velocity.tolist() == [12, 12]
    assert subject.delay_s == 0.02
    assert "emDelay, 0.02 s, and so not searched" in notes[0]
    own, notes = import_subject(file(with_field(text, "<emDelay>0.04</emDelay>")))
    assert own.delay_s == 0.04
    first_only = text.replace("<name>a</name>", "<name>a</name><emDelay>0.06</emDelay>")
    mean, notes = import_subject(file(first_only))
    assert mean.delay_s == pytest.approx(0.04)
    assert "the mean of 0.02 to 0.06 s" in notes[0]


def test_an_activation_scale_becomes_the_gain_that_reaches_the_same(file):
    text = ceinms_rt(("a", "0.05"))
    subject, notes = import_subject(
        file(with_field(text, "<activationScale>0.8</activationScale>"))
    )
    activation = np.expm1(subject.shape_factor * subject.gain) / np.expm1(subject.shape_factor)
    assert activation[0] == pytest.approx(0.8)
    assert "activationScale of 1 muscles" in notes[0]


def test_every_field_that_is_not_taken_is_named(file):
    text = ceinms(ceinms_rt(("a", "0.05")))
    text = with_field(text, "<tendonStrain>0.03</tendonStrain>")
    text = text.replace("</subject>", "<dofSet/><calibrationInfo/></subject>")
    curve = "<curve><name>ownCurve</name></curve>"
    defaults = f"<mtuDefault><damping>0.1</damping>{curve}</mtuDefault><mtuSet>"
    person, (note,) = import_subject(file(text.replace("<mtuSet>", defaults)))
    assert note.startswith(
        "Left out of the file: tendonStrain, curve ownCurve, dofSet, calibrationInfo; "
    )
    assert person.damping.tolist() == [0.1]


CURVE = "<Curve><name>forceVelocity</name><xPoints>{x}</xPoints><yPoints>{y}</yPoints></Curve>"


@pytest.mark.parametrize(
    ("x", "y", "sentence"),
    [
        ("-1 0 x", "0 1 1", "points that are no numbers"),
        ("-1 0 1 2", "0 1 1", "has 4 x and 3 y"),
        ("-1 0 0 1", "0 1 1 2", "do not rise"),
        ("-1 0 1", "0 1 1", "at least four"),
        ("-1 0 1 2", "0 0 0 0", "zero throughout"),
    ],
)
def test_curves_that_are_none_are_one_sentence(file, x, y, sentence):
    defaults = f"<muscleDefault>{CURVE.format(x=x, y=y)}</muscleDefault><muscles>"
    text = ceinms_rt(("a", "0.05")).replace("<muscles>", defaults)
    with pytest.raises(UserError, match=sentence):
        import_subject(file(text))


def test_a_muscle_may_have_a_curve_of_its_own(file):
    text = ceinms_rt(("a", "0.05"), ("b", "0.05"))
    low, high = (CURVE.format(x="-1 -0.5 0 0.5 1", y=f"0 0.4 1 {y} {y}") for y in (1.2, 1.5))
    defaults = f"<muscleDefault>{low}</muscleDefault><muscles>"
    text = text.replace("<muscles>", defaults).replace("</muscle></m", f"{high}</muscle></m")
    person, _ = import_subject(file(text))
    speed = torch.full((2, 1), 0.8, dtype=torch.float64)
    fast = curve_set(person.curves).force_velocity(speed)[0]
    assert fast.flatten().tolist() == pytest.approx([1.2, 1.5], abs=0.1)
    only_one = ceinms_rt(("a", "0.05"), ("b", "0.05")).replace(
        "</muscle></m", f"{high}</muscle></m"
    )
    with pytest.raises(UserError, match="forceVelocity for some muscles only"):
        import_subject(file(only_one))


def test_coefficients_of_another_time_step_give_the_same_time_constants(file):
    person, _ = import_subject(file(ceinms_rt(("a", "0.05"))), step_s=0.005)
    np.testing.assert_allclose([person.c1[0], person.c2[0]], [-(0.5**2), -(0.4**2)])
    text = ceinms_rt(("a", "0.05")).replace("<C1>-", "<C1>")
    with pytest.raises(UserError, match=r"C1 of a is 0\.5"):
        import_subject(file(text), step_s=0.005)


def test_a_shape_factor_of_zero_shapes_nothing(file):
    text = ceinms_rt(("a", "0.05")).replace("-1</shape", "0</shape")
    person, _ = import_subject(file(text))
    neural = torch.linspace(0, 1, 20, dtype=torch.float64)[None]
    shape = torch.as_tensor(person.shape_factor)[:, None]
    np.testing.assert_allclose(shaped(neural, shape), neural, atol=1e-6)


def test_a_delay_and_a_velocity_go_to_ceinms_and_come_back(tmp_path):
    path = tmp_path / "subject.xml"
    person = replace(a_person([0.2, 0.4]), delay_s=0.05, max_velocity=np.array([8.0, 12.0]))
    write_ceinms(person, path, DIALECTS["ceinms"])
    again, _ = import_subject(path)
    assert_same(person, again)
    assert again.delay_s == 0.05


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is not an XML file"),
        ("hello", "is not an XML file"),
        ("<html><body/></html>", "is not a subject: its root element is <html>"),
        ("<subject/>", "is a subject without muscles"),
        ("<OpenSimDocument/>", "is an OpenSim model without muscles"),
        (ceinms_rt(("", "0.05")), "has a muscle without a name"),
        (ceinms_rt(("soleus", "-0.05")), "optimalFiberLength of soleus must be a number above 0, "),
        (ceinms_rt(("soleus", "nan")), "must be a number above 0, got 'nan'"),
        (ceinms_rt(("soleus", "long")), "must be a number above 0, got 'long'"),
        (ceinms_rt(("a", "0.1"), ("a", "0.1")), r"has the muscles \['a'\] more than once"),
        (
            ceinms_rt(("a", "1")).replace("<C1>-0.5</C1>", ""),
            "C1 of a must be a number, got nothing",
        ),
        (
            ceinms(ceinms_rt(("a", "0.1"))).replace(">0.4<", ">25<"),
            r"pennationAngle of a is 25 rad \(1432 degrees\); it must lie in 0 to 80 degrees",
        ),
        (ceinms_rt(("a", "0.1")).replace(">45<", ">-45<"), "it must lie in 0 to 80 degrees"),
        (
            ceinms_rt(("a", "0.1")).replace("pennationAngle>45", 'pennationAngle unit="grad">45'),
            "pennationAngle of a has the unit 'grad'; it must be deg or rad",
        ),
        (with_field(ceinms_rt(("a", "0.1")), "<emDelay>15</emDelay>"), "emDelay is 15 s; it must"),
        (
            with_field(ceinms_rt(("a", "0.1")), "<activationScale>3</activationScale>"),
            "activationScale is 3 where",
        ),
        ('<!DOCTYPE s [<!ENTITY a "b">]><subject>&a;</subject>', "declares a document type"),
        ('<!DOCTYPE s SYSTEM "http://127.0.0.1/x"><subject/>', "declares a document type"),
    ],
)
def test_what_is_no_subject_is_refused_in_a_sentence(file, text, sentence):
    with pytest.raises(UserError, match=sentence) as refusal:
        import_subject(file(text))
    assert "\n" not in str(refusal.value)


def test_a_document_type_is_refused_in_any_encoding(tmp_path):
    path = tmp_path / "subject.xml"
    declared = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE s [<!ENTITY a "b">]>'
    bomb = f"{declared}<subject>&a;</subject>"
    path.write_bytes(bomb.encode("utf-16"))
    with pytest.raises(UserError, match="declares a document type"):
        import_subject(path)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UserError, match="cannot be read: No such file"):
        import_subject(tmp_path / "none.xml")


def test_a_file_that_lacks_a_muscle_of_the_set_up_is_refused(file):
    with pytest.raises(UserError, match=r"lacks the muscles .*'tib_ant_r'"):
        import_subject(file(ceinms_rt(("soleus_r", "0.05"))), load_config("walking"))


def test_for_a_set_up_parameters_outside_the_bounds_are_moved_and_told(file):
    config = load_config("walking")
    text = ceinms_rt(*((name, "0.05") for name in model_in_use(config).muscle_names))
    text = text.replace("-1</shape", "0.1</shape").replace("1.5<", "0.05<")
    subject, notes = import_subject(file(text), config)
    assert set(subject.shape_factor) == {-0.01}
    assert set(subject.strength) == {0.1}
    assert len(notes) == 2
    assert f"{subject.muscles[0]} from 0.05 to 0.1" in notes[0]
    extreme = with_field(text, "<activationScale>0.001</activationScale>")
    assert set(import_subject(file(extreme), config)[0].gain) == {0.67}
    assert set(import_subject(file(text))[0].shape_factor) == {0.1}  # a person as they are


@pytest.mark.parametrize("name", ["uncalibrated", "calibrated"])
def test_the_shipped_ceinms_rt_subjects_fit_the_walking_set_up(shared_data, name):
    path = shared_data / "walking" / f"ceinms_subject_{name}.xml"
    subject, notes = import_subject(path, load_config("walking"))
    soleus = subject.muscles.index("soleus_r")
    lengths = {"uncalibrated": (0.05, 0.25), "calibrated": (0.0511703542155837, 0.246520266638787)}
    assert (
        subject.optimal_fibre_length[soleus],
        subject.tendon_slack_length[soleus],
    ) == lengths[name]
    assert subject.pennation[soleus] == pytest.approx(0.43633231)
    assert len(subject.muscles) == 43
    assert notes[0].startswith("Left out of the file: DoFs, Channels; ")
    assert (subject.curves.name, subject.curves.length_change) == ("sampled", 0.15)
    assert "49 muscles that the set-up does not use" in notes[1]
    assert len(import_subject(path)[0].muscles) == 92


def test_the_opensim_model_gives_the_muscles_of_the_model_file(shared_data):
    from daemon.assembly.subject import generic_subject

    config = load_config("walking")
    subject, _ = import_subject(shared_data / "walking" / "gait2392.osim", config)
    generic = generic_subject(model_in_use(config))
    assert subject.muscles == generic.muscles
    for key in ("max_isometric_force", "optimal_fibre_length", "tendon_slack_length", "pennation"):
        np.testing.assert_allclose(getattr(subject, key), getattr(generic, key), rtol=1e-9)
    assert (subject.strength == 1).all()


def test_muscle_defaults_of_an_opensim_model_are_no_muscles(file):
    muscle = (
        "<M name='{}'><max_isometric_force>900</max_isometric_force>"
        "<optimal_fiber_length>0.1</optimal_fiber_length>"
        "<tendon_slack_length>0.2</tendon_slack_length></M>"
    )
    text = (
        f"<OpenSimDocument><Model><defaults>{muscle.format('default')}</defaults>"
        f"{muscle.format('biceps')}</Model></OpenSimDocument>"
    )
    subject, _ = import_subject(file(text, "model.osim"))
    assert subject.muscles == ("biceps",)
    assert subject.max_velocity[0] == 10
    assert subject.pennation[0] == 0


@pytest.mark.parametrize("tag", ["optimal_fiber_length", "max_isometric_force"])
def test_a_muscle_that_lacks_a_parameter_is_not_left_out_without_a_word(file, shared_data, tag):
    text = (shared_data / "walking" / "gait2392.osim").read_text()
    before, _, after = text.rpartition(f"<{tag}>")
    broken = before + after.partition(f"</{tag}>")[2]
    with pytest.raises(UserError, match=rf"{tag} of \w+ must be a number above 0, got nothing"):
        import_subject(file(broken, "model.osim"))
