"""The quality of raw EMG, on signals of which it is known what is in them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal

from pipeline.emg.quality import PIECE_S, signal_quality

RATE_HZ = 1000.0
T = np.arange(4000) / RATE_HZ


def muscle(seed, rate_hz=RATE_HZ, seconds=4.0):
    """Return noise of unit power where surface EMG has its power."""
    white = np.random.default_rng(seed).standard_normal(round(seconds * rate_hz))
    band = signal.butter(2, (30.0, 150.0), "bandpass", fs=rate_hz, output="sos")
    x = signal.sosfilt(band, white)
    return x / x.std()


def of(*channels):
    return signal_quality(np.stack(channels, axis=1), RATE_HZ)


def test_clean_muscles_have_nothing_of_it():
    found = of(muscle(1), muscle(2), muscle(3))
    assert (found.line_share < 0.05).all()
    assert (found.motion_share < 0.05).all()
    assert (found.common_share < 0.02).all()


@pytest.mark.parametrize("line_hz", [50.0, 60.0, 50.4, 59.3])
@pytest.mark.parametrize("power", [0.1, 1.0])
def test_hum_is_the_share_of_the_power_that_it_is(line_hz, power):
    hum = np.sqrt(2.0 * power) * np.sin(2 * np.pi * line_hz * T)
    x = muscle(1)
    before, found = of(x), of(x + hum)
    share = power / (1.0 + power)
    assert found.line_share[0] == pytest.approx(share + before.line_share[0], abs=0.05)


def test_harmonics_count_as_hum_too():
    hum = sum(np.sin(2 * np.pi * k * 50.0 * T) for k in (1, 3, 5))
    assert of(muscle(1) + hum).line_share[0] == pytest.approx(1.5 / 2.5, abs=0.05)


@pytest.mark.parametrize("power", [0.25, 4.0])
def test_a_swinging_cable_is_the_share_below_20_hz(power):
    swing = np.sqrt(2.0 * power) * np.sin(2 * np.pi * 7.0 * T)
    found = of(muscle(1) + swing + 100.0)  # no offset counts
    assert found.motion_share[0] == pytest.approx(power / (1.0 + power), abs=0.05)
    assert found.line_share[0] < 0.05


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_crosstalk_is_the_common_power_and_has_a_name(share):
    own, neighbour, other = muscle(1), muscle(2), muscle(3)
    found = of(own + share * neighbour, other, neighbour)
    expected = share**2 / (1.0 + share**2)
    assert found.common_share[0] == pytest.approx(expected, abs=0.06)
    assert found.common_with[0] == 2
    assert found.common_with[2] == 0
    assert found.common_share[1] < 0.02


def test_hum_of_all_channels_is_no_crosstalk():
    hum = 3.0 * np.sin(2 * np.pi * 50.0 * T)
    assert (of(muscle(1) + hum, muscle(2) + hum).common_share < 0.02).all()


def test_the_loudest_and_the_quietest_are_those_of_short_stretches():
    level = np.where(T % 1.0 < 0.4, 1.0, 0.05)
    found = of(level * muscle(1))
    # The highest of some pieces is above the level, the lowest below it.
    assert found.loudest_v[0] == pytest.approx(1.2, abs=0.3)
    assert found.quietest_v[0] == pytest.approx(0.04, abs=0.02)
    assert PIECE_S <= 0.4


def test_a_channel_that_is_no_number_spoils_no_other():
    own, neighbour = muscle(1), muscle(2)
    broken = np.full(len(own), np.nan)
    alone, beside = of(own, neighbour), of(own, broken, neighbour)
    for before, after in zip(alone[:-1], beside[:-1], strict=True):
        np.testing.assert_allclose(after[[0, 2]], before)
    assert beside.common_with[[0, 2]].tolist() == [2 * place for place in alone.common_with]


def test_a_channel_alone_is_like_itself_and_a_flat_one_has_no_share():
    found = of(0.0 * T)
    assert [float(share[0]) for share in found[2:5]] == [0.0, 0.0, 0.0]
    assert found.common_with[0] == 0


@given(st.floats(1e-7, 1e3), st.integers(0, 50))
def test_shares_do_not_depend_on_the_unit(factor, seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((600, 3)).cumsum(axis=0)
    once, scaled = signal_quality(x, RATE_HZ), signal_quality(factor * x, RATE_HZ)
    for a, b in zip(once[2:], scaled[2:], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    np.testing.assert_allclose(scaled.loudest_v, factor * once.loudest_v, rtol=1e-6)
    assert (np.array(once[2:5]) >= 0).all()
    assert (np.array(once[2:5]) <= 1 + 1e-9).all()
