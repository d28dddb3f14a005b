import math

import pytest
import torch

from pipeline.calibrate.loss import (
    ERROR_FLOOR,
    LossSettings,
    Trials,
    data_loss,
    moment_error,
    moment_scale,
    plausibility_penalty,
)
from pipeline.model.activation import ActivationState
from pipeline.model.nms import Output, State
from pipeline.model.trajectory import Report


def trials(moment, weight=None):
    weight = torch.ones_like(moment) if weight is None else weight
    nothing = torch.zeros(0)
    return Trials(nothing, nothing, nothing, moment, weight)


def output(moment, fibre=None, strain=None):
    muscle = torch.ones(*moment.shape[:-2], 1, moment.shape[-1])
    last = muscle[..., -1:]
    return Output(
        moment=moment,
        force=muscle,
        activation=muscle,
        fibre_length=muscle if fibre is None else fibre,
        strain=0.02 * muscle if strain is None else strain,
        w=muscle,
        state=State(ActivationState(last, last), last, last),
        report=Report(0, 0.0, 0),
    )


def wave(amplitude, trial_count=2, samples=1000):
    t = torch.linspace(0.0, 20.0 * math.pi, samples)
    return amplitude * torch.sin(t).expand(trial_count, 1, samples)


def test_scale_is_the_spread_of_the_reference():
    moment = torch.cat((wave(30.0) + 100.0, wave(50.0)), 1)
    scale = moment_scale(trials(moment))
    assert scale.tolist() == pytest.approx([30.0 / math.sqrt(2), 50.0 / math.sqrt(2)], rel=0.01)


def test_scale_of_a_reference_at_rest_has_a_floor():
    assert moment_scale(trials(wave(0.0)), floor_nm=2.0).item() == 2.0


def test_what_carries_no_weight_does_not_matter():
    moment, weight = wave(10.0).clone(), torch.ones(2, 1, 1000)
    clean = trials(moment, weight)
    weight[0, 0, 100:200] = 0.0
    moment[0, 0, 100:200] = 1e6
    spoilt = trials(moment, weight)
    assert moment_scale(spoilt).item() == pytest.approx(moment_scale(clean).item(), rel=0.05)
    error = moment_error(output(wave(11.0)), spoilt, moment_scale(spoilt))
    assert error.item() == pytest.approx(0.01, rel=0.05)


def test_no_reference_at_all_is_no_error():
    none = trials(wave(10.0), torch.zeros(2, 1, 1000))
    error = moment_error(output(wave(11.0)), none, moment_scale(none))
    assert error.item() == 0.0


def test_error_is_a_fraction_of_the_variance():
    exact = trials(wave(20.0))
    scale = moment_scale(exact)
    assert moment_error(output(wave(20.0)), exact, scale).item() == 0.0
    assert moment_error(output(wave(0.0)), exact, scale).item() == pytest.approx(1.0, rel=1e-3)


def test_misfit_falls_in_the_proportion_of_the_error():
    def value(*errors):
        return data_loss(torch.tensor(errors, dtype=torch.float64)).item()

    gain = math.log((0.8 + ERROR_FLOOR) / (0.4 + ERROR_FLOOR))
    assert value(0.8, 1.0) - value(0.4, 1.0) == pytest.approx(gain)


def test_plausible_operation_costs_nothing():
    assert plausibility_penalty(output(wave(1.0)), LossSettings()).item() == 0.0


@pytest.mark.parametrize(
    ("fibre", "strain", "excess"), [(0.3, 0.02, 0.2), (1.7, 0.02, 0.3), (1.0, 0.1, 0.02)]
)
def test_implausible_operation_costs_its_squared_excess(fibre, strain, excess):
    shape = (2, 1, 1000)
    cost = plausibility_penalty(
        output(wave(1.0), torch.full(shape, fibre), torch.full(shape, strain)),
        LossSettings(penalty_weight=10.0),
    )
    assert cost.item() == pytest.approx(10.0 * excess**2, rel=1e-4)


def test_subjects_are_kept_apart():
    moment = torch.stack((wave(10.0), wave(40.0)))
    together = trials(moment)
    scale = moment_scale(together)
    assert scale.shape == (2, 1)
    error = moment_error(output(1.1 * moment), together, scale)
    assert error.flatten().tolist() == pytest.approx([0.01, 0.01], rel=1e-3)
    assert data_loss(error).shape == (2,)
    assert plausibility_penalty(output(moment), LossSettings()).shape == (2,)
