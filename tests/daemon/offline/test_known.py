"""How well the parameters of a calibration on recordings are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from offline_person import RATE_HZ, rows_of, space

from daemon.offline.known import WITHIN, interval, known, parameters_told
from pipeline.calibrate.delay import Delays
from pipeline.calibrate.offline import cut
from pipeline.model.identifiability import Identifiability

WIDE = Delays(0.02, 0.15, 0.02)


def trials(noise_nm):
    rows = rows_of(space().prior)
    noise = np.random.default_rng(1).normal(0.0, noise_nm, rows.moment.shape)
    noisy = rows._replace(moment=rows.moment + noise)
    return cut(noisy, [slice(100, 180), slice(200, 350)], RATE_HZ, 0.3, space().zeros())


@pytest.fixture(scope="module")
def told():
    """What is told of the same person with little and with much noise."""
    room = space()
    found = {}
    for noise_nm in (0.2, 5.0):
        sure = known(room, room.zeros(), trials(noise_nm), RATE_HZ, WIDE)
        described = parameters_told(room, room.prior, room.zeros(), sure)
        found[noise_nm] = {(one["name"], *one["muscles"]): one for one in described}, sure
    return found


def test_every_free_parameter_has_an_interval_within_its_bounds(told):
    few, _ = told[0.2]
    assert len(few) == space().size
    for one in few.values():
        low, high = one["interval"]
        assert one["bounds"][0] <= low < one["value"] < high <= one["bounds"][1]
        assert one["identifiability"] in set(Identifiability)
        assert not one["at_bound"]


def test_more_noise_makes_it_wider(told):
    (few, sure), (much, doubtful) = told[0.2], told[5.0]
    for name, one in few.items():
        assert one["deviation"] < much[name]["deviation"]
    assert few["strength", "flexor"]["identifiability"] != "unobserved"
    assert 0 < sure.delay_deviation_s < doubtful.delay_deviation_s < WIDE.deviation_s


def test_a_delay_that_is_given_is_not_in_doubt():
    room = space()
    assert (
        known(room, room.zeros(), trials(1.0), RATE_HZ, Delays(0.06, 0.06)).delay_deviation_s == 0
    )


@given(st.floats(-1, 3), st.floats(0, 10))
def test_an_interval_holds_its_value_and_leaves_the_bounds_for_it_alone(value, deviation):
    low, high = interval(value, deviation, [0.0, 2.0])
    assert low <= value <= high
    assert high - low <= 2 * WITHIN * deviation + 1e-12
    assert low >= min(0.0, value)
    assert high <= max(2.0, value)
