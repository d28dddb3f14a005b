"""The simulated EMG means what it says: the daemon's envelope gives the excitation back."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.random import SeedSequence
from scipy.signal import periodogram, welch

from daemon.config import Config
from daemon.simulation.lab import Lab
from daemon.simulation.sensors.electrodes import Electrodes
from pipeline.emg.envelope import Envelope
from pipeline.streams.base import Chunk

MVC = {"a": 4e-4, "b": 1e-4}
BAND = (30.0, 300.0)
CALM = np.ones((40_000, 2))


def electrodes(seed: int = 3, noise_v: float = 0.0, hum_v: float = 0.0) -> Electrodes:
    mvc = np.array(list(MVC.values()))
    return Electrodes(mvc, BAND, 3, noise_v, hum_v, tone_v=0.0, seed=SeedSequence(seed))


@pytest.mark.parametrize("level", [1.0, 0.3])
def test_the_daemons_envelope_is_the_excitation(level: float) -> None:
    t = 1e-3 * np.arange(40_000)
    emg = electrodes(noise_v=2e-6, hum_v=5e-6).record(t, level * CALM, CALM, CALM)
    envelope = Envelope(list(MVC), 1000, "raw", BAND, 3, 6.0, 2, MVC, "none", 0.03)
    excitation = envelope.process(Chunk("emg", t, emg)).x
    np.testing.assert_allclose(excitation[2000:].mean(axis=0), level, rtol=0.05)


def test_the_electrodes_own_faults_are_in_the_signal() -> None:
    t = 1e-3 * np.arange(10_000)
    rest = electrodes(noise_v=2e-6, hum_v=5e-6).record(
        t, 0 * CALM[:10_000], CALM[:10_000], CALM[:10_000]
    )
    frequency, power = periodogram(rest, 1000, axis=0)
    assert frequency[power.argmax(axis=0)] == pytest.approx([50.0, 50.0])
    assert rest.std(axis=0) == pytest.approx(np.hypot(2e-6, 5e-6 / np.sqrt(2)), rel=0.05)
    assert (np.abs(rest.mean(axis=0)) > 1e-6).all()


def median_hz(emg: np.ndarray) -> np.ndarray:
    frequency, power = welch(emg, 1000, nperseg=512, axis=0)
    share = power.cumsum(axis=0) / power.sum(axis=0)
    return frequency[(share < 0.5).sum(axis=0)]


def test_rested_emg_has_the_median_frequency_of_surface_emg() -> None:
    emg = electrodes().record(1e-3 * np.arange(40_000), CALM, CALM, CALM)
    assert median_hz(emg) == pytest.approx([95.0, 95.0], rel=0.04)


def test_slower_conduction_moves_the_spectrum_and_not_the_envelope() -> None:
    t = 1e-3 * np.arange(40_000)
    conduction = np.stack([np.where(t < 20, 1.0, 0.8), np.ones(len(t))], axis=1)
    emg = electrodes().record(t, 0.5 * CALM, conduction, CALM)
    fall = median_hz(emg[20_000:]) / median_hz(emg[:20_000])
    assert fall == pytest.approx([0.8, 1.0], abs=0.03)
    envelope = Envelope(list(MVC), 1000, "raw", BAND, 3, 6.0, 2, MVC, "none", 0.03)
    excitation = envelope.process(Chunk("emg", t, emg)).x
    np.testing.assert_allclose(excitation[22_000:].mean(axis=0), 0.5, rtol=0.05)


def test_an_electrodes_gain_multiplies_all_it_records() -> None:
    t = 1e-3 * np.arange(1000)
    part = CALM[:1000]
    once, louder = (electrodes(hum_v=5e-6).record(t, part, part, g * part) for g in (1.0, 1.5))
    np.testing.assert_allclose(louder, 1.5 * once)


def test_a_gain_nobody_knows_is_the_muscles_and_not_the_noises(
    make_config: Callable[..., Config],
) -> None:
    quiet = {"emg_noise_v": 0.0, "hum_v": 0.0, "baseline_v": 0.0}
    gain = {"b1": 0.4, "t": 1.5}

    def emg(**simulation: Any) -> np.ndarray:
        lab = Lab(make_config(simulation=simulation))
        samples = lab.block(3000).emg.x
        return samples - samples.mean(axis=0)

    true, heard = emg(**quiet), emg(**quiet, emg_gain=gain)
    np.testing.assert_allclose(heard, true * [1.0, 0.4, 1.0, 1.5], atol=1e-12)
    noise = emg(baseline_v=0.0) - true
    np.testing.assert_allclose(emg(baseline_v=0.0, emg_gain=gain) - heard, noise, atol=1e-12)


def test_a_gain_is_told_as_truth_and_moves_no_muscle(make_config: Callable[..., Config]) -> None:
    plain, other = (Lab(make_config(simulation={"emg_gain": g})) for g in ({}, {"t": 0.5}))
    assert other.truth()["emg_gain"] == {"t": 0.5}
    one, two = plain.block(1000).truth, other.block(1000).truth
    np.testing.assert_array_equal(one.force, two.force)


def test_a_gain_of_a_channel_that_is_not_there_is_refused(
    make_config: Callable[..., Config],
) -> None:
    with pytest.raises(ValueError, match=r"emg_gain names channels \['x'\]"):
        make_config(simulation={"emg_gain": {"x": 2.0}})
