"""The model as one call: shapes, subjects side by side, and no waiting for a GPU."""

import numpy as np
import pytest
import torch
from muscle_draws import MUSCLES, drawn_movement, drawn_parameters, person
from torch.utils._python_dispatch import TorchDispatchMode

from daemon.config import ParametersConfig
from pipeline.calibrate.loss import (
    LossSettings,
    Trials,
    data_loss,
    moment_error,
    moment_scale,
    plausibility_penalty,
)
from pipeline.model.nms import simulate
from pipeline.model.parameters import ParameterSpace, Rule
from pipeline.model.subject import CALIBRATED
from pipeline.model.trajectory import COLD_ITERATIONS, WARM_ITERATIONS, tolerance

STEP_S = 0.01
TRIALS, SAMPLES = 2, 60


def space(dtype=torch.float64):
    bounds = ParametersConfig()
    return ParameterSpace(
        person(),
        {name: Rule(True, getattr(bounds, name).bounds) for name in CALIBRATED},
        [["b", "c"]],
        dtype=dtype,
    )


def drawn_trials(seed, *leading):
    """Return trials of shape [*leading, trial, ...] with random references."""
    rng = np.random.default_rng(seed)
    parameters = space().parameters(space().zeros())
    count = int(np.prod((*leading, TRIALS)))
    drawn = [drawn_movement(rng, parameters, SAMPLES, STEP_S) for _ in range(count)]
    parts = [
        torch.stack(part).unflatten(0, (*leading, TRIALS)) for part in zip(*drawn, strict=True)
    ]
    shape = (*leading, TRIALS, 2, SAMPLES)
    moment = torch.tensor(rng.normal(0.0, 20.0, shape))
    weight = torch.tensor((rng.uniform(size=shape) > 0.2).astype(float))
    return Trials(*parts, moment, weight)


def objective(vector, trials, **options):
    parameters = space(vector.dtype).parameters(vector)
    output = simulate(parameters, *trials[:3], STEP_S, **options)
    error = moment_error(output, trials, moment_scale(trials))
    return data_loss(error) + plausibility_penalty(output, LossSettings()), output


def test_subjects_in_one_call_are_the_subjects_alone():
    trials = drawn_trials(1, 3)
    vectors = 0.5 * torch.randn(3, space().size, dtype=torch.float64)
    together = vectors[:, None].clone().requires_grad_()
    losses, output = objective(together, trials)
    assert losses.shape == (3,)
    assert output.moment.shape == (3, TRIALS, 2, SAMPLES)
    (gradient,) = torch.autograd.grad(losses.sum(), together)
    for i in range(3):
        alone = vectors[i].clone().requires_grad_()
        loss, single = objective(alone, Trials(*(part[i] for part in trials[:5])))
        torch.testing.assert_close(losses[i], loss, rtol=1e-7, atol=1e-8)
        torch.testing.assert_close(output.w[i], single.w, rtol=0, atol=1e-6)
        (expected,) = torch.autograd.grad(loss, alone)
        torch.testing.assert_close(gradient[i, 0], expected, rtol=1e-5, atol=1e-7)


def test_subjects_may_share_their_data():
    trials = drawn_trials(2)
    vectors = 0.5 * torch.randn(3, 1, space().size, dtype=torch.float64)
    _, output = objective(vectors, trials)
    assert output.moment.shape == (3, TRIALS, 2, SAMPLES)
    _, alone = objective(vectors[2, 0], trials)
    torch.testing.assert_close(output.moment[2], alone.moment, rtol=1e-5, atol=1e-5)


class _HostReads(TorchDispatchMode):
    """Collects the operations that make the host wait for the device."""

    WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "equal", "is_nonzero")

    def __init__(self):
        super().__init__()
        self.found = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        if name in self.WAITING:
            self.found.append(name)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("warm", [False, True])
def test_deferred_step_never_reads_from_the_device(warm):
    trials, vector = drawn_trials(3), space().zeros().requires_grad_()
    guess = objective(vector, trials)[1].w.detach() if warm else None
    with _HostReads() as reads:
        loss, output = objective(vector, trials, guess=guess, deferred=True)
        loss.backward()
    assert reads.found == []
    assert output.report.iterations == (WARM_ITERATIONS if warm else COLD_ITERATIONS)
    assert output.report.fallbacks == 0
    assert output.report.residual <= tolerance(torch.float64)


def test_reading_the_device_is_noticed():
    trials, vector = drawn_trials(3), space().zeros().requires_grad_()
    with _HostReads() as reads:
        objective(vector, trials)
    assert "_local_scalar_dense" in reads.found


def test_deferred_gradient_is_that_of_the_solution():
    trials = drawn_trials(4)
    before = space().zeros()
    guess = objective(before, trials)[1].w
    found = []
    for deferred in (False, True):
        vector = (before + 0.02).requires_grad_()
        loss, _ = objective(vector, trials, guess=guess, deferred=deferred)
        found.append(torch.autograd.grad(loss, vector)[0])
    torch.testing.assert_close(found[1], found[0], rtol=1e-6, atol=1e-8)


def test_deferred_solution_counts_what_is_unsolved():
    trials, vector = drawn_trials(5), space().zeros()
    hopeless = torch.full_like(trials.length, 3.0)
    _, output = objective(vector, trials, guess=hopeless, deferred=True)
    assert output.report.fallbacks == TRIALS * MUSCLES
    assert torch.isfinite(output.moment).all()


def test_gradients_are_not_needed_for_a_prediction():
    parameters = drawn_parameters(np.random.default_rng(1), 3)
    movement = drawn_movement(np.random.default_rng(2), parameters, 5, STEP_S)
    with torch.inference_mode():
        plain = simulate(parameters, *movement, STEP_S)
    output = simulate(parameters, *movement, STEP_S)
    torch.testing.assert_close(plain.moment.clone(), output.moment)
    assert output.state.w.shape == (3, 1)
