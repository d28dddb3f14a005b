from dataclasses import replace

import numpy as np
import pytest
import torch
from person import BOUNDS, RATE_HZ, prior, recorded

from pipeline.calibrate.batch.side_by_side import side_by_side
from pipeline.calibrate.delay import Delays
from pipeline.calibrate.offline import DescentSettings, cut, objective_value
from pipeline.calibrate.start import Start, StartSettings, Stranger, find_start, find_starts
from pipeline.model.parameters import ParameterSpace, Rule

QUICK = StartSettings(steps=15)


def strangers():
    """People of different gains, delays and lengths, and what was recorded of them."""
    found = []
    for gain, early, stop in ((1.0, 4, 300), (0.4, 9, 380), (2.0, 6, 240)):
        bounds = BOUNDS | {"gain": (0.1 * gain, 8.0)}
        space = ParameterSpace(prior(), {name: Rule(True, b) for name, b in bounds.items()})
        rows = recorded(4.0, start_s=gain)
        ahead = torch.roll(torch.as_tensor(rows.excitation), -early, 0).numpy() * gain
        parts = [slice(50, 150), slice(160, stop)]
        trials = cut(rows._replace(excitation=ahead), parts, RATE_HZ, 0.3, space.zeros())
        found.append((Stranger(space, Delays(0.02, 0.15, 0.005 * early)), trials))
    return found


def loss_where(real):
    def loss(output, batch, scale, vectors):
        return objective_value(output, batch, scale, vectors, DescentSettings(), real)

    return loss


def test_starts_that_are_searched_together_are_those_of_each_alone():
    people = strangers()
    data = side_by_side([trials for _, trials in people])
    loss = loss_where(data.for_starts().real)
    found = find_starts([one for one, _ in people], data, RATE_HZ, loss, QUICK)
    for start, (one, trials) in zip(found, people, strict=True):
        alone = find_start(one.space, trials, RATE_HZ, loss_where(None), one.delays, settings=QUICK)
        torch.testing.assert_close(start.vector, alone.vector, rtol=0.0, atol=1e-9)
        assert start.delay_s == pytest.approx(alone.delay_s, abs=1e-10)
        assert start.loss == pytest.approx(alone.loss, rel=1e-9)


def test_a_delay_that_is_known_stays():
    (one, trials), *_ = strangers()
    data = side_by_side([trials, trials])
    fixed = one._replace(delays=Delays(0.06, 0.06))
    other = one._replace(delays=Delays(0.09, 0.09))
    found = find_starts(
        [fixed, other], data, RATE_HZ, loss_where(data.for_starts().real), StartSettings(steps=3)
    )
    assert [start.delay_s for start in found] == pytest.approx([0.06, 0.09], abs=1e-6)


def test_a_start_that_is_no_number_leaves_the_others_alone():
    (one, trials), *_ = strangers()
    lost = Start(torch.full((one.space.size,), torch.nan, dtype=torch.float64), 0.06, 0.0)
    quick = StartSettings(steps=3)
    found = find_start(
        one.space, trials, RATE_HZ, loss_where(None), one.delays, known=lost, settings=quick
    )
    alone = find_start(one.space, trials, RATE_HZ, loss_where(None), one.delays, settings=quick)
    torch.testing.assert_close(found.vector, alone.vector, rtol=0.0, atol=1e-10)
    assert found.loss == pytest.approx(alone.loss, rel=1e-10)


def test_a_person_whose_data_are_no_numbers_has_no_start_and_takes_none_from_others():
    (one, trials), (other, more), _ = strangers()
    spoilt = trials._replace(excitation=torch.full_like(trials.excitation, torch.nan))
    data = side_by_side([spoilt, more])
    loss = loss_where(data.for_starts().real)
    found = find_starts([one, other], data, RATE_HZ, loss, StartSettings(steps=3))
    assert found[0].loss == np.inf
    alone = find_start(
        other.space, more, RATE_HZ, loss_where(None), other.delays, settings=StartSettings(steps=3)
    )
    torch.testing.assert_close(found[1].vector, alone.vector, rtol=0.0, atol=1e-10)


def searched(settings):
    people = strangers()
    data = side_by_side([trials for _, trials in people])
    loss = loss_where(data.for_starts().real)
    return find_starts([one for one, _ in people], data, RATE_HZ, loss, settings)


def test_starts_that_are_left_out_late_or_none_change_nothing():
    for same in (replace(QUICK, kept=99, first=5), replace(QUICK, kept=1, first=QUICK.steps)):
        for found, whole in zip(searched(same), searched(QUICK), strict=True):
            torch.testing.assert_close(found.vector, whole.vector, rtol=0.0, atol=1e-9)
            assert found.loss == pytest.approx(whole.loss, rel=1e-9)


def test_the_lowest_go_on_as_if_the_others_were_still_there():
    for found, whole in zip(
        searched(replace(QUICK, kept=3, first=10)), searched(QUICK), strict=True
    ):
        assert found.loss >= whole.loss * (1 - 1e-9)
        assert found.loss == pytest.approx(whole.loss, rel=0.05)
