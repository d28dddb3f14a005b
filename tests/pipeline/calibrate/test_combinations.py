"""What the data tell of two parameters together."""

import pytest
import torch
from person import prior, space

from pipeline.calibrate.combinations import known_together
from pipeline.model.identifiability import Identifiability, Joining

UNKNOWN, KNOWN = Identifiability.WEAKLY_IDENTIFIED, Identifiability.IDENTIFIED
BEFORE = 1.81


def slopes(parameters, places):
    """Return the derivatives of two entries by the vector, relative to their values."""
    found = []
    for place in places:
        muscle, name = parameters.labels[place]
        column, step = prior().muscles.index(muscle), torch.zeros(parameters.size).double()
        step[place] = 1e-4
        ahead, here = (
            float(getattr(parameters.parameters(vector), name)[column, 0])
            for vector in (step, 0.0 * step)
        )
        found.append((ahead / here - 1.0) / 1e-4)
    return torch.tensor(found, dtype=torch.float64)


def told(pair, weights=(1.0, 1.0), known=0.02, words=None):
    """Let the data tell of one combination alone: of the sum of two changes, by their weights.

    Its deviation is a share `known` of that before any data.
    """
    parameters = space(fixed=())
    places = [parameters.labels.index(label) for label in pair]
    before = torch.full((parameters.size,), BEFORE, dtype=torch.float64)
    gradient = torch.zeros(parameters.size).double()
    gradient[places] = torch.tensor(weights).double() * slopes(parameters, places)
    data = torch.outer(gradient, gradient) / (known * BEFORE * gradient.norm()) ** 2
    covariance = torch.linalg.inv(torch.diag(before**-2) + data)
    words = words or [UNKNOWN] * parameters.size
    return (places, *known_together(parameters, parameters.zeros(), covariance, before, words))


GAIN, STRENGTH = ("flexor", "gain"), ("flexor", "strength")


def test_a_product_that_is_known_is_told_with_its_value_and_deviation():
    places, words, combinations = told((GAIN, STRENGTH))
    assert [words[place] for place in places] == [Identifiability.KNOWN_WITH_ANOTHER] * 2
    (found,) = combinations
    assert (found.first, found.second) == ("flexor:gain", "flexor:strength")
    assert found.joining is Joining.PRODUCT
    assert found.value == pytest.approx(1.0, rel=0.05)
    assert 0.0 < found.deviation < 0.1


def test_lengths_are_summed_in_metres_and_strengths_in_newtons():
    for pair, weights in (
        ((("extensor", "optimal_fibre_length"), ("extensor", "tendon_slack_length")), (0.06, 0.2)),
        ((("flexor", "strength"), ("helper", "strength")), (1200.0, 600.0)),
    ):
        _, _, (found,) = told(pair, weights)
        assert found.joining is Joining.SUM
        assert found.value == pytest.approx(sum(weights), rel=0.02)


@pytest.mark.parametrize(("weights", "known"), [((1.0, -1.0), 0.02), ((1.0, 1.0), 0.5)])
def test_what_is_not_known_together_is_not_called_so(weights, known):
    _, words, combinations = told((GAIN, STRENGTH), weights, known)
    assert set(words) == {UNKNOWN}
    assert combinations == ()


@pytest.mark.parametrize("word", [KNOWN, Identifiability.AT_BOUND])
def test_what_is_known_by_itself_or_at_a_bound_stays_so(word):
    parameters = space(fixed=())
    words = [UNKNOWN] * parameters.size
    words[parameters.labels.index(GAIN)] = word
    _, found, combinations = told((GAIN, STRENGTH), words=words)
    assert found == words
    assert combinations == ()


def test_of_many_it_is_told_with_the_one_it_is_known_best_with():
    parameters = space(fixed=())
    places = [parameters.labels.index((muscle, "strength")) for muscle in prior().muscles]
    before = torch.full((parameters.size,), BEFORE, dtype=torch.float64)
    root = torch.diag(before)
    root[places[1], places[0]] = -BEFORE  # the second follows the first, but for a little
    root[places[1], places[1]] = root[places[2], places[2]] = 0.01
    root[places[2], places[0]] = -0.9 * BEFORE  # the third hardly less so
    covariance = root @ root.T
    vector = parameters.zeros()
    words = [UNKNOWN] * parameters.size
    _, combinations = known_together(parameters, vector, covariance, before, words)
    assert all("flexor:strength" in (one.first, one.second) for one in combinations)
    assert len({(one.first, one.second) for one in combinations}) == len(combinations)
