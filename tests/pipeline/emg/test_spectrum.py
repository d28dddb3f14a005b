"""The spectrum behind the fatigue verdicts, on signals whose median frequency is known."""

import numpy as np
import pytest
from scipy import signal

from pipeline.emg.spectrum import RESOLUTION_HZ, spectrum, welch

RATE_HZ = 1000.0


def band_noise(low_hz, high_hz, seed=0, seconds=60.0):
    """Return noise of equal power between two frequencies, made in the frequency domain."""
    rng = np.random.default_rng(seed)
    n = round(seconds * RATE_HZ)
    frequency = np.fft.rfftfreq(n, 1.0 / RATE_HZ)
    inside = (frequency >= low_hz) & (frequency < high_hz)
    phase = np.exp(2j * np.pi * rng.random(len(frequency)))
    return np.fft.irfft(inside * phase, n)


@pytest.mark.parametrize(("low_hz", "high_hz"), [(22.0, 98.0), (70.0, 90.0), (110.0, 140.0)])
def test_the_median_frequency_of_even_noise_is_the_middle_of_its_band(low_hz, high_hz):
    _, median = spectrum(band_noise(low_hz, high_hz)[:, None], RATE_HZ)
    # Hum is left out below and above the middle: a few Hz of an even band.
    assert median[0] == pytest.approx((low_hz + high_hz) / 2, abs=3 * RESOLUTION_HZ)


def test_slowing_the_signal_lowers_its_median_frequency_in_proportion():
    fast = band_noise(100.0, 200.0)
    slow = signal.resample(fast, round(len(fast) / 0.8))  # the same wave, 20 % slower
    _, before = spectrum(fast[:, None], RATE_HZ)
    _, after = spectrum(slow[:, None], RATE_HZ)
    assert after[0] / before[0] == pytest.approx(0.8, abs=0.03)


def test_amplitude_and_median_agree_with_a_periodogram_of_the_whole():
    """An independent way: one transform of all samples, away from hum."""
    x = 3e-4 * np.random.default_rng(1).standard_normal((60_000, 2))
    x = signal.sosfilt(signal.butter(3, (72.0, 88.0), "bandpass", fs=RATE_HZ, output="sos"), x, 0)
    power = np.abs(np.fft.rfft(x, axis=0)) ** 2
    frequency = np.fft.rfftfreq(len(x), 1.0 / RATE_HZ)
    share = np.cumsum(power, axis=0) / power.sum(axis=0)
    expected = [np.interp(0.5, share[:, channel], frequency) for channel in range(2)]
    amplitude, median = spectrum(x, RATE_HZ)
    np.testing.assert_allclose(median, expected, atol=RESOLUTION_HZ)
    np.testing.assert_allclose(amplitude, x.std(axis=0), rtol=0.05)


@pytest.mark.parametrize("rate_hz", [999.0, 1000.0, 1001.0])
def test_the_power_is_that_of_scipy(rate_hz):
    x = np.random.default_rng(2).standard_normal((2300, 2))
    size = round(rate_hz / RESOLUTION_HZ)
    frequency, power = welch(x, rate_hz, size)
    expected = signal.welch(x, rate_hz, nperseg=size, axis=0)
    np.testing.assert_allclose(frequency, expected[0], rtol=1e-12)
    np.testing.assert_allclose(power, expected[1], rtol=1e-9, atol=1e-15)


def test_the_median_frequency_is_that_of_scipy_on_emg_that_slows():
    """Of EMG as the lab makes it, rested and a fifth slower, within the resolution."""
    rng = np.random.default_rng(3)
    for speed in (1.0, 0.8):
        band = [40.0 * speed, 160.0 * speed]
        x = signal.sosfilt(
            signal.butter(2, band, "bandpass", fs=RATE_HZ, output="sos"),
            rng.standard_normal((30_000, 2)),
            axis=0,
        )
        frequency, power = signal.welch(x, RATE_HZ, nperseg=500, axis=0)
        kept = (frequency >= 20) & (frequency <= 450)
        for mains in (50, 60):  # neighbours of the mains and its harmonics are left out
            kept &= (np.abs(frequency - mains * np.round(frequency / mains)) >= 2) | (
                frequency < mains / 2
            )
        share = np.cumsum(power[kept], axis=0) / power[kept].sum(axis=0)
        expected = [np.interp(0.5, share[:, channel], frequency[kept]) for channel in range(2)]
        _, median = spectrum(x, RATE_HZ)
        np.testing.assert_allclose(median, expected, atol=RESOLUTION_HZ)


def test_weak_hum_does_not_move_it_and_a_flat_channel_has_none():
    x = band_noise(70.0, 90.0)
    hum = x + 0.2 * x.std() * np.sin(2 * np.pi * 50.0 * np.arange(len(x)) / RATE_HZ)
    amplitude, median = spectrum(np.column_stack([x, hum, 0.0 * x]), RATE_HZ)
    assert median[1] == pytest.approx(median[0], abs=RESOLUTION_HZ)
    assert amplitude[1] == pytest.approx(amplitude[0], rel=0.05)
    assert np.isnan(median[2])
    assert amplitude[2] == 0.0
