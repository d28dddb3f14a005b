"""EMG in a wrong unit is found by the amplitude of all channels; a person's own is not."""

import numpy as np
import pytest

from pipeline.emg.amplitude import AmplitudeWatch
from pipeline.streams.base import Chunk

RATE_HZ = 1000.0
MVC = np.array([2e-4, 3e-4, 5e-4, 4e-4])


def emg(seconds, level):
    """Return white EMG, V, whose rectified mean is `level` times MVC, shape [channel]."""
    rng = np.random.default_rng(3)
    n = round(seconds * RATE_HZ)
    x = rng.normal(size=(n, 4)) * np.sqrt(np.pi / 2) * np.asarray(level) * MVC
    return Chunk("emg", np.arange(n) / RATE_HZ, x)


def thousands(chunk, factor, pieces=7):
    watch = AmplitudeWatch(RATE_HZ)
    for part in np.array_split(np.arange(len(chunk.t)), pieces):
        watch.process(Chunk("emg", chunk.t[part], factor * chunk.x[part]), MVC)
    return watch.thousands


RESTING = (0.005, 0.01, 0.02, 0.01)
WALKING = (0.3, 0.15, 0.02, 0.1)


@pytest.mark.parametrize("level", [RESTING, WALKING])
@pytest.mark.parametrize(("factor", "told"), [(1e6, 2), (1.0, 0), (1e-3, -1), (1e-6, -2)])
def test_a_wrong_unit_is_told_by_its_thousands(level, factor, told):
    assert thousands(emg(4.0, level), factor) == told


def test_millivolts_taken_for_volts_are_told_once_muscles_work():
    assert thousands(emg(4.0, WALKING), 1e3) == 1


@pytest.mark.parametrize(
    "level",
    [(5.0, 0.1, 0.1, 0.1), (1.2, 1.0, 0.9, 1.1), (0.0, 0.0, 0.0, 0.3), (0.0, 0.0, 0.0, 0.0)],
)
def test_single_channels_a_maximal_effort_and_silence_are_no_wrong_unit(level):
    assert thousands(emg(4.0, level), 1.0) == 0


def test_values_that_are_no_numbers_do_not_count():
    chunk = emg(4.0, WALKING)
    chunk.x[::3] = np.nan
    assert thousands(chunk, 1e6) == 2
    chunk.x[:] = np.nan
    assert thousands(chunk, 1e6) == 0
