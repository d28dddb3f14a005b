"""The block-tridiagonal solve against the whole matrix."""

import numpy as np
import pytest

from pipeline.drift.smooth import Chain


def whole(information, step, start):
    count, size = information.shape[:2]
    matrix = np.zeros((count * size, count * size))
    for k in range(count):
        here = slice(k * size, (k + 1) * size)
        matrix[here, here] += information[k]
        if k:
            before = slice((k - 1) * size, k * size)
            change = np.diag(step[k - 1])
            matrix[here, here] += change
            matrix[before, before] += change
            matrix[here, before] -= change
            matrix[before, here] -= change
    matrix[:size, :size] += np.diag(start)
    return matrix


def test_states_and_covariance_are_those_of_the_whole_matrix():
    rng = np.random.default_rng(0)
    count, size = 7, 3
    root = rng.standard_normal((count, size, 2))  # less is told of each stretch than it has states
    information = root @ root.swapaxes(1, 2)
    step, start = rng.uniform(0.1, 10.0, (count - 1, size)), np.full(size, 0.01)
    right = rng.standard_normal((count, size, 4))
    inverse = np.linalg.inv(whole(information, step, start))
    chain = Chain(information, step, start)
    expected = (inverse @ right.reshape(count * size, 4)).reshape(right.shape)
    np.testing.assert_allclose(chain.solve(right), expected, rtol=1e-8, atol=1e-8)
    vector = right[..., 0]
    prior = whole(np.zeros_like(information), step, start)
    posterior = np.linalg.slogdet(np.linalg.inv(inverse))[1]
    evidence = 0.5 * (vector.ravel() @ inverse @ vector.ravel())
    evidence += 0.5 * (np.linalg.slogdet(prior)[1] - posterior)
    assert chain.evidence(vector) == pytest.approx(evidence)
    blocks = inverse.reshape(count, size, count, size)
    own = np.stack([blocks[k, :, k] for k in range(count)])
    np.testing.assert_allclose(chain.covariance(), own, rtol=1e-8, atol=1e-8)
