"""Synergies learnt while data arrive: how many, of whom, and under eq. 5 where electrodes miss."""

import numpy as np
import pytest
import torch

from pipeline.calibrate.synergy.factorisation import foretelling_synergies, left_out_error
from pipeline.calibrate.synergy.hybrid import HybridSettings
from pipeline.calibrate.synergy.online import OnlineSynergies, resynthesised
from pipeline.calibrate.window import Window
from pipeline.emg.synthesis import Synthesis
from pipeline.timebase.rows import PairedRows

RATE_HZ = 100.0
MUSCLES, PRIMITIVES = 9, 3


def example(n=600, seed=2):
    """Return weights and noisy excitations of muscles that move by three synergies."""
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.0, 0.2, (MUSCLES, PRIMITIVES))
    weights[np.arange(MUSCLES), np.arange(MUSCLES) % PRIMITIVES] += 0.6
    t = np.arange(n) / RATE_HZ
    beats = [1.0 + np.sin(2 * np.pi * f * t + p) for f, p in ((0.7, 0.0), (1.1, 1.0), (1.9, 2.0))]
    excitation = 0.3 * np.stack(beats, 1) @ weights.T
    return weights, np.clip(excitation + 0.01 * rng.standard_normal(excitation.shape), 0.0, 1.0)


def rows(excitation, measured=None) -> PairedRows:
    n = len(excitation)
    everywhere = np.ones(excitation.shape, dtype=bool)
    return PairedRows(
        t=np.arange(n) / RATE_HZ,
        excitation=excitation,
        length=np.full(excitation.shape, 0.3),
        moment_arm=np.full((n, 1, excitation.shape[1]), 0.04),
        moment=np.zeros((n, 1)),
        valid=np.ones(n, dtype=bool),
        measured=everywhere if measured is None else measured,
    )


def synergies(recorded=None, **settings) -> OnlineSynergies:
    everyone = np.ones(MUSCLES, dtype=bool)
    return OnlineSynergies(everyone if recorded is None else recorded, HybridSettings(**settings))


def test_the_number_that_foretells_muscles_best_is_the_true_one():
    _, excitation = example()
    found = foretelling_synergies(torch.as_tensor(excitation.T.copy(), dtype=torch.float32))
    assert found.weights.shape == (MUSCLES, PRIMITIVES)


def test_too_few_and_too_many_synergies_foretell_worse():
    from pipeline.calibrate.synergy.factorisation import factorise

    _, excitation = example()
    target = torch.as_tensor(excitation.T.copy(), dtype=torch.float32)
    error = {k: left_out_error(target, factorise(target, k).weights) for k in (1, 3, 7)}
    assert error[3] < 0.5 * error[1]
    assert error[3] < 0.5 * error[7]


def test_a_muscle_that_fails_is_made_from_the_others():
    _, excitation = example(1200)
    one = synergies()
    one.learn(rows(excitation[:600]))
    measured = np.arange(MUSCLES) != 4
    made = Synthesis(one.found).fill(excitation[600:], measured)[:, 4]
    assert np.corrcoef(made, excitation[600:, 4])[0, 1] > 0.95


def test_it_keeps_its_number_and_moves_little_between_updates():
    _, excitation = example(700)
    one = synergies(count=PRIMITIVES)
    one.learn(rows(excitation[:600]))
    before = one.found.weights / one.found.unit[:, None]
    one.learn(rows(excitation[100:]))
    after = one.found.weights / one.found.unit[:, None]
    assert np.abs(after - before).max() < 0.1


def test_rows_without_every_electrode_teach_nothing():
    _, excitation = example()
    measured = np.ones(excitation.shape, dtype=bool)
    measured[-50:, 2] = False
    one = synergies()
    one.learn(rows(excitation, measured))
    assert one.found is None
    measured[-50:] = True
    measured[:550, 2] = False
    one.learn(rows(excitation, measured))
    assert one.found is None


def test_a_muscle_without_electrode_keeps_its_weights_when_the_others_are_learnt_anew():
    recorded = np.arange(MUSCLES) != 0
    _, excitation = example(700)
    measured = np.broadcast_to(recorded, excitation.shape)
    one = synergies(recorded, count=PRIMITIVES)
    one.learn(rows(excitation[:600], measured[:600]))
    assert (one.found.weights[0] > 0.0).all()
    first = one.found.weights[0].copy()
    one.learn(rows(excitation[100:], measured[100:]))
    np.testing.assert_allclose(one.found.weights[0], first)


def test_a_search_finds_the_weights_that_the_loss_asks_for():
    recorded = np.arange(MUSCLES) != 0
    _, excitation = example()
    seen = rows(excitation * recorded, np.broadcast_to(recorded, excitation.shape))
    one = synergies(recorded, count=PRIMITIVES)
    one.learn(seen)
    window = Window(600, RATE_HZ, 0)
    window.add(seen)
    trials = window.trials(0, 600, 150, torch.zeros(1))
    wanted = torch.as_tensor(excitation[:, 0].reshape(4, 150), dtype=torch.float32)
    search = one.search(trials, 0.1)

    def loss():
        return 50.0 * (search.excitation()[:, 0] - wanted).square().mean() / wanted.var()

    first = float(loss().detach())
    for _ in range(100):
        (loss() + search.penalty()).backward()
        search.step()
    assert float(loss().detach()) < 0.2 * first
    driven = search.excitation().detach()
    np.testing.assert_array_equal(driven[:, 1:], trials.excitation[:, 1:])  # the recorded ones stay
    again = resynthesised(trials, search.found()).excitation[:, 0]
    assert np.corrcoef(again.flatten(), wanted.flatten())[0, 1] > 0.9


def test_there_is_nothing_to_search_while_all_is_measured():
    _, excitation = example()
    one = synergies()
    one.learn(rows(excitation))
    window = Window(600, RATE_HZ, 0)
    window.add(rows(excitation))
    trials = window.trials(0, 600, 150, torch.zeros(1))
    assert trials.measured is None
    assert one.search(trials, 0.1) is None
    assert resynthesised(trials, one.found) is trials


@pytest.mark.parametrize("fails_at", [300, 302])
def test_what_an_electrode_gave_before_it_was_found_out_is_not_learnt_from(fails_at):
    _, excitation = example()
    measured = np.ones(excitation.shape, dtype=bool)
    measured[fails_at:, 3] = False
    whole = rows(excitation, measured)
    window = Window(600, RATE_HZ, 0)
    for start in range(0, 600, 7):
        window.add(whole.part(slice(start, start + 7)))
    valid = window.rows.valid
    assert not valid[fails_at - 15 : fails_at + 15].any()
    assert valid[: fails_at - 15].all()
    assert valid[fails_at + 15 :].all()
