import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from muscle_draws import person

from pipeline.model.parameters import RELATIVE, ParameterSpace, Rule
from pipeline.model.subject import CALIBRATED

BOUNDS = {
    "optimal_fibre_length": (0.9, 1.1),
    "tendon_slack_length": (0.95, 1.05),
    "strength": (0.5, 2.5),
    "gain": (0.67, 1.5),
    "shape_factor": (-3.0, -0.01),
    "c1": (-0.95, -0.05),
    "c2": (-0.95, -0.05),
}


def space(groups=(("b", "c"),), **fixed):
    rules = {name: Rule(name not in fixed, bounds) for name, bounds in BOUNDS.items()}
    return ParameterSpace(person(), rules, groups)


def test_zero_is_the_prior():
    subject = space().subject(space().zeros())
    for name, values in person().values().items():
        np.testing.assert_allclose(getattr(subject, name), values, rtol=1e-12)


@given(st.lists(st.floats(-1e3, 1e3), min_size=27, max_size=27))
def test_bounds_are_never_exceeded(values):
    subject = space().subject(torch.tensor(values, dtype=torch.float64))
    for name, (low, high) in BOUNDS.items():
        unit = getattr(person(), name) if name in RELATIVE else 1.0
        relative = getattr(subject, name) / unit
        assert (relative >= low - 1e-12).all()
        assert (relative <= high + 1e-12).all()


@given(st.lists(st.floats(-3.0, 3.0), min_size=27, max_size=27))
def test_a_person_goes_there_and_back(values):
    vector = torch.tensor(values, dtype=torch.float64)
    back = space().vector(space().subject(vector))
    torch.testing.assert_close(back, vector, rtol=1e-6, atol=1e-6)


def test_a_person_outside_the_bounds_is_moved_inside():
    strong = person().with_values({"strength": np.array([9.0, 1.0, 1.0, 0.01])})
    vector = space().vector(strong)
    assert torch.isfinite(vector).all()
    strength = space().subject(vector).strength
    assert 2.4 < strength[0] <= 2.5
    assert 0.5 <= strength[3] < 0.6


def test_grouped_muscles_share_one_strength():
    assert space().size == 7 * 4 - 1
    vector = space().zeros()
    vector[space().labels.index(("b+c", "strength"))] = 1.0
    strength = space().subject(vector).strength
    assert strength[1] == strength[2] > 1.0
    assert strength[0] == pytest.approx(1.0)


def test_what_is_not_free_stays():
    fixed = space(c1=True, c2=True)
    assert fixed.size == 5 * 4 - 1
    vector = torch.ones(fixed.size, dtype=torch.float64)
    np.testing.assert_array_equal(fixed.subject(vector).c1, person().c1)


def test_nothing_free_is_a_person_who_stays():
    nothing = space(**dict.fromkeys(CALIBRATED, True))
    assert nothing.size == 0
    subject = nothing.subject(nothing.zeros())
    np.testing.assert_array_equal(subject.strength, person().strength)
    assert nothing.vector(subject).shape == (0,)


def test_parameters_at_a_bound_are_named():
    vector = space().zeros()
    vector[space().labels.index(("d", "c1"))] = 30.0
    vector[space().labels.index(("a", "strength"))] = -30.0
    assert space().at_bound(vector) == [("a", "strength"), ("d", "c1")]
    assert space().at_bound(space().zeros()) == []


def test_a_prior_on_a_bound_can_still_move():
    rules = {name: Rule(True, bounds) for name, bounds in BOUNDS.items()}
    rules["c1"] = Rule(True, (-0.5, -0.1))
    edge = ParameterSpace(person(), rules)
    vector = edge.zeros().requires_grad_()
    edge.parameters(vector).c1.sum().backward()
    assert vector.grad is not None
    assert float(vector.grad.abs().sum()) > 1e-3


def test_leading_dimensions_are_kept():
    vectors = torch.randn(5, 1, space().size, dtype=torch.float64)
    parameters = space().parameters(vectors)
    assert parameters.strength.shape == (5, 1, 4, 1)
    alone = space().parameters(vectors[3, 0])
    torch.testing.assert_close(parameters.strength[3, 0], alone.strength)
    assert parameters.max_isometric_force.shape == (4, 1)
