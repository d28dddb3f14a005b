"""The simulated EMG means what it says: the daemon's envelope gives the excitation back."""

import numpy as np
import pytest
from numpy.random import SeedSequence
from scipy.signal import periodogram

from daemon.lab.electrodes import Electrodes
from pipeline.envelope import Envelope
from pipeline.streams.base import Chunk

MVC = {"a": 4e-4, "b": 1e-4}
BAND = (30.0, 300.0)


def electrodes(seed: int = 3, noise_v: float = 0.0, hum_v: float = 0.0) -> Electrodes:
    mvc = np.array(list(MVC.values()))
    return Electrodes(mvc, BAND, 3, noise_v, hum_v, tone_v=0.0, seed=SeedSequence(seed))


@pytest.mark.parametrize("level", [1.0, 0.3])
def test_the_daemons_envelope_is_the_excitation(level: float) -> None:
    t = 1e-3 * np.arange(40_000)
    emg = electrodes(noise_v=2e-6, hum_v=5e-6).record(t, np.full((len(t), 2), level))
    envelope = Envelope(list(MVC), 1000, "raw", BAND, 3, 6.0, 2, MVC, "none", 0.03)
    excitation = envelope.process(Chunk("emg", t, emg)).x
    np.testing.assert_allclose(excitation[2000:].mean(axis=0), level, rtol=0.05)


def test_the_electrodes_own_faults_are_in_the_signal() -> None:
    t = 1e-3 * np.arange(10_000)
    rest = electrodes(noise_v=2e-6, hum_v=5e-6).record(t, np.zeros((len(t), 2)))
    frequency, power = periodogram(rest, 1000, axis=0)
    assert frequency[power.argmax(axis=0)] == pytest.approx([50.0, 50.0])
    assert rest.std(axis=0) == pytest.approx(np.hypot(2e-6, 5e-6 / np.sqrt(2)), rel=0.05)
    assert (np.abs(rest.mean(axis=0)) > 1e-6).all()
