"""The descent on a GPU that is not there: no host wait, nothing of the host's in it."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
import torch
from fake_gpu import DEVICE, HostWaitError, no_waits
from person import BOUNDS, RATE_HZ, prior, recorded

from pipeline.calibrate import descent as descent_module
from pipeline.calibrate.delay import with_delay
from pipeline.calibrate.descent import Descent
from pipeline.calibrate.loss import (
    LossSettings,
    Trials,
    data_loss,
    moment_error,
    moment_scale,
    plausibility_penalty,
)
from pipeline.calibrate.optimiser import GroupedAdamW
from pipeline.calibrate.prior import distance
from pipeline.calibrate.synergy.hybrid import HybridSettings
from pipeline.calibrate.synergy.online import Search
from pipeline.calibrate.unmeasured import UnmeasuredMuscles
from pipeline.calibrate.window import Window
from pipeline.emg.synthesis import SynergyWeights
from pipeline.model.curve_choice import CurveChoice
from pipeline.model.parameters import ParameterSpace, Rule

RULES = {name: Rule(True, bounds) for name, bounds in BOUNDS.items()}


class Problem(NamedTuple):
    descent: Descent
    trials: Trials
    scale: torch.Tensor


def space_of(subject):
    return ParameterSpace(subject, RULES, [["flexor", "helper"]], torch.float32, DEVICE)


def trials_on(like, measured=True):
    window = Window(600, RATE_HZ, 50)
    rows = recorded(4.0)
    window.add(rows._replace(measured=rows.measured & measured))
    return window.trials(0, 400, 150, like)


def problem(subject=None, deep=None, measured=True):
    space = space_of(subject or prior())
    trials = with_delay(trials_on(space.zeros(), measured), 2.5)

    def loss(output, trials, scale, vector):
        error = moment_error(output, trials, scale, None, deep)
        return data_loss(error) + plausibility_penalty(output, LossSettings()) + distance(vector)

    optimiser = GroupedAdamW(space, space.zeros(), 0.01)
    return Problem(Descent(space, optimiser, 0.01, loss), trials, moment_scale(trials))


def go_down(problem, search=None):
    """Take three steps as an update does, up to where it reads how they went."""
    problem.descent.optimiser.set_rates(0.1, 0.05)
    problem.descent.begin(problem.trials, problem.scale, search)  # the curves' tables move once
    with no_waits():
        problem.descent.begin(problem.trials, problem.scale, search)
        problem.descent.go_on()
        problem.descent.go_on()
    assert problem.descent.optimiser.vector.device.type == DEVICE


def test_the_calibrators_steps_never_wait():
    go_down(problem())


def test_nor_do_those_of_another_window_of_the_same_shape():
    first = problem()
    go_down(first)
    go_down(first._replace(trials=with_delay(trials_on(first.scale), 1.5)))


@pytest.mark.parametrize(
    ("curves", "rigid"),
    [
        ("degroote2016,plateau=1.4", {"helper"}),
        ("millard2013", {"helper"}),
        ("thelen2003", set()),
        ("degroote2016", set(prior().muscles)),
    ],
)
def test_nor_do_other_curves_and_rigid_tendons(curves, rigid):
    go_down(problem(replace(prior(), curves=CurveChoice.of(curves), rigid_tendon=frozenset(rigid))))


def test_nor_does_what_unmeasured_muscles_leave():
    most = torch.ones(3, device=DEVICE)
    deep = UnmeasuredMuscles(torch.ones(3, dtype=torch.bool, device=DEVICE), most)
    vars(deep)["places"] = torch.arange(2, device=DEVICE)  # "meta" cannot look it up
    go_down(problem(deep=deep))


def test_nor_does_the_search_of_synergies():
    one = problem(measured=np.array([True, True, False]))
    weights = SynergyWeights(np.full((3, 2), 0.5), np.ones(3))
    search = Search(one.trials, one.trials.measured, weights, HybridSettings(), 0.1)
    go_down(one, search)


def spoilt(kind):
    """Return a `simulate` with something in it that makes a GPU's host wait."""
    simulate = descent_module.simulate

    def worse(parameters, excitation, *args, **options):
        if kind == "host constant":
            excitation = excitation * torch.ones(excitation.shape)
        elif kind == "copied constant":
            excitation = excitation * torch.ones(excitation.shape).to(excitation)
        elif kind == "list as index":
            excitation = excitation[..., [0, 1, 2], :]
        output = simulate(parameters, excitation, *args, **options)
        match kind:
            case "item":
                output.moment.sum().item()
            case "float":
                float(output.moment.sum())
            case "NaN check":
                if torch.isnan(output.moment).any():
                    raise FloatingPointError
            case "cpu":
                output.w.detach().cpu()
            case "nonzero":
                output.w.detach().nonzero()
            case "mask as index":
                output.w[output.w > 0]
            case "inverse":
                torch.linalg.inv(output.w.detach()[..., :3, :3])
        return output

    return worse


@pytest.mark.parametrize(
    "kind",
    [
        "item", "float", "NaN check", "cpu", "nonzero", "mask as index", "inverse",
        "host constant", "copied constant", "list as index",
    ],
)  # fmt: skip
def test_a_wait_that_is_put_in_is_found(monkeypatch, kind):
    """Without this the tests above would prove nothing."""
    monkeypatch.setattr(descent_module, "simulate", spoilt(kind))
    with pytest.raises((HostWaitError, RuntimeError), match=r"meta|GPU|cpu|nonzero"):
        go_down(problem())


def test_reading_how_it_went_is_a_wait():
    done = problem()
    go_down(done)
    with pytest.raises((HostWaitError, RuntimeError)), no_waits():
        done.descent.found()
