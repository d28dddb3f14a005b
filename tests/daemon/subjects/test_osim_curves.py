"""The curves and tendons that a muscle of an OpenSim model has, against OpenSim itself."""

import numpy as np
import pytest
import torch

from daemon.subjects.importing import import_subject
from pipeline.errors import UserError
from pipeline.model.curves import curve_set

MILLARD = """<Millard2012EquilibriumMuscle name="{name}">
<max_isometric_force>900</max_isometric_force><optimal_fiber_length>0.08</optimal_fiber_length>
<tendon_slack_length>0.2</tendon_slack_length>
<pennation_angle_at_optimal>0.1</pennation_angle_at_optimal>
<fiber_damping>0.05</fiber_damping><ignore_tendon_compliance>{rigid}</ignore_tendon_compliance>
<TendonForceLengthCurve name="t"><strain_at_one_norm_force>{strain}</strain_at_one_norm_force>
</TendonForceLengthCurve></Millard2012EquilibriumMuscle>"""
THELEN = """<Thelen2003Muscle name="{name}">
<max_isometric_force>900</max_isometric_force><optimal_fiber_length>0.08</optimal_fiber_length>
<tendon_slack_length>0.2</tendon_slack_length><Flen>1.6</Flen><KshapeActive>0.5</KshapeActive>
</Thelen2003Muscle>"""


@pytest.fixture
def model(tmp_path):
    """Write a model of some muscles."""

    def write(*muscles):
        file = tmp_path / "model.osim"
        inside = f"<Model><ForceSet><objects>{''.join(muscles)}</objects></ForceSet></Model>"
        file.write_text(f"<OpenSimDocument>{inside}</OpenSimDocument>", encoding="utf-8")
        return file

    return write


def millard(name, strain=0.049, rigid="false"):
    return MILLARD.format(name=name, strain=strain, rigid=rigid)


def at(person, curve, x):
    """Return a curve of every muscle at some places."""
    values = torch.as_tensor(x, dtype=torch.float64).expand(len(person.muscles), -1)
    return getattr(curve_set(person.curves), curve)(values)[0].numpy()


def test_curves_are_those_of_the_muscles_in_opensim(shared_data):
    opensim = pytest.importorskip("opensim")
    file = shared_data / "other_person" / "subject_walk_armless_18musc.osim"
    person, _ = import_subject(file)
    whole = opensim.Model(str(file))  # keeps what is taken of it alive
    muscles = whole.getMuscles()
    for place, name in enumerate(person.muscles):
        muscle = opensim.Millard2012EquilibriumMuscle.safeDownCast(muscles.get(name))
        muscle.finalizeFromProperties()
        for curve, theirs, low, high, offset in (
            ("active_force_length", muscle.getActiveForceLengthCurve(), 0.2, 2.0, 0.0),
            ("force_velocity", muscle.getForceVelocityCurve(), -1.0, 1.0, 0.0),
            ("passive_force_length", muscle.getFiberForceLengthCurve(), 0.2, 1.8, 0.0),
            ("tendon_force", muscle.getTendonForceLengthCurve(), -0.01, 0.1, 1.0),
        ):
            x = np.linspace(low, high, 101)
            expected = [theirs.calcValue(float(one + offset)) for one in x]
            np.testing.assert_allclose(at(person, curve, x)[place], expected, atol=1e-5)
    assert person.rigid == tuple(
        muscles.get(name).get_ignore_tendon_compliance() for name in person.muscles
    )
    assert any(person.rigid)
    assert set(person.damping) == {0.01}


def test_muscles_that_differ_have_each_their_own(model):
    person, _ = import_subject(
        model(millard("a"), millard("b", 0.08, "true"), THELEN.format(name="c"))
    )
    tendon = at(person, "tendon_force", [0.033, 0.049, 0.08])
    np.testing.assert_allclose(np.diag(tendon[[2, 0, 1]]), 1.0, atol=0.01)
    assert at(person, "force_velocity", [1.0])[2, 0] > 1.5 > at(person, "force_velocity", [1.0])[0]
    assert at(person, "active_force_length", [1.5])[2, 0] == pytest.approx(np.exp(-0.5), abs=1e-3)
    assert person.rigid == (False, True, False)
    assert person.damping.tolist() == [0.05, 0.05, 0.01]


def test_a_class_that_is_not_known_has_the_usual_curves_and_is_told(model):
    other = millard("a").replace("Millard2012EquilibriumMuscle", "NewMuscle")
    person, notes = import_subject(model(other))
    assert person.curves.name == "degroote2016"
    assert notes[0].startswith("The curves of NewMuscle are not known here")


def test_a_setting_that_cannot_be_is_one_sentence(model):
    with pytest.raises(UserError, match=r"tendon_strain of the curves millard2013 must lie in"):
        import_subject(model(millard("a", 5.0)))
