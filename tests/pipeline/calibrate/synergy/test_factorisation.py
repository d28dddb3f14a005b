"""Non-negative matrix factorisation, against scikit-learn's and against known synergies."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipeline.calibrate.synergy.factorisation import (
    Synergies,
    factorise,
    synergies_for,
    variance_accounted_for,
)


def made_of(count: int, muscles: int = 8, times: int = 200, seed: int = 1) -> torch.Tensor:
    """Return excitations in 0..1 of `count` synergies, shape [muscle, time]."""
    rng = np.random.default_rng(seed)
    phase = np.linspace(0.0, 4.0 * np.pi, times)
    waves = [np.maximum(0.0, np.sin(phase + 2.0 * np.pi * k / count)) ** 2 for k in range(count)]
    weights = rng.uniform(0.0, 1.0, (muscles, count)) ** 2
    return torch.as_tensor(weights @ np.stack(waves) / count)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_it_accounts_for_as_much_as_scikit_learn(count):
    decomposition = pytest.importorskip("sklearn.decomposition")
    rng = np.random.default_rng(count)
    excitation = np.clip(made_of(5).numpy() + 0.1 * rng.standard_normal((8, 200)), 0.0, 1.0)
    theirs = decomposition.NMF(count, init="random", random_state=1, max_iter=2000)
    weights = theirs.fit_transform(excitation)
    reached = 1.0 - ((excitation - weights @ theirs.components_) ** 2).sum() / (excitation**2).sum()
    target = torch.as_tensor(excitation)
    ours = float(variance_accounted_for(target, factorise(target, count, sweeps=2000)))
    assert ours == pytest.approx(reached, abs=2e-3)


def test_known_synergies_are_found():
    excitation = made_of(3)
    found = factorise(excitation, 3, sweeps=3000)
    assert float(variance_accounted_for(excitation, found)) > 0.999


def test_a_batch_gives_what_each_gives_alone():
    batch = torch.stack([made_of(3, seed=1), made_of(3, seed=2)])
    together = factorise(batch, 2, sweeps=50)
    for i in range(2):
        alone = factorise(batch[i], 2, sweeps=50)
        torch.testing.assert_close(together.excitation()[i], alone.excitation(), atol=1e-3, rtol=0)


def test_a_warm_start_goes_on_from_there():
    excitation = made_of(4)
    cold = factorise(excitation, 3, sweeps=10)
    warm = factorise(excitation, 3, warm=cold, sweeps=10)
    assert variance_accounted_for(excitation, warm) > variance_accounted_for(excitation, cold)


def test_a_warm_start_is_left_as_it_was():
    start = factorise(made_of(3), 2, sweeps=1)
    before = Synergies(start.weights.clone(), start.primitives.clone())
    factorise(made_of(3), 2, warm=start)
    torch.testing.assert_close(start, before)


@given(st.integers(0, 2**31), st.integers(1, 4))
def test_balanced_synergies_are_not_negative_and_hardly_above_one(seed, count):
    rng = torch.Generator().manual_seed(seed)
    excitation = torch.rand(5, 40, generator=rng, dtype=torch.float64)
    found = factorise(excitation, count, sweeps=30)
    for part in found:
        assert float(part.min()) >= 0.0
        assert float(part.max()) <= 1.1
    torch.testing.assert_close(found.weights.amax(-2), found.primitives.amax(-1))


def test_as_many_synergies_as_the_variance_needs():
    excitation = made_of(4)
    for least in (0.5, 0.85, 0.98):
        found = synergies_for(excitation, least)
        count = found.weights.shape[-1]
        assert float(variance_accounted_for(excitation, found)) >= least
        if count > 1:
            fewer = factorise(excitation, count - 1)
            assert float(variance_accounted_for(excitation, fewer)) < least


def test_a_given_number_is_taken_but_always_fewer_than_there_are_muscles():
    assert synergies_for(made_of(4), count=3).weights.shape == (8, 3)
    assert synergies_for(made_of(4, muscles=3), count=3).weights.shape == (3, 2)
    assert synergies_for(made_of(4, muscles=1), count=3).weights.shape == (1, 1)


def test_silence_is_accounted_for_by_nothing():
    silence = torch.zeros(3, 20, dtype=torch.float64)
    found = synergies_for(silence)
    assert found.weights.shape == (3, 1)
    assert torch.isfinite(found.weights).all()
    assert float(found.excitation().abs().max()) < 1e-6


def test_more_synergies_than_muscles_are_refused():
    with pytest.raises(ValueError, match="3 synergies"):
        factorise(made_of(2, muscles=2), 3)
