"""The spectrum of one channel, from what the daemon hands out."""

import numpy as np
import pytest
from scipy import signal

from daemon.web.spectrum import channel_spectrum
from pipeline.errors import UserError

RATE_HZ = 2000.0


def samples(x, rate_hz=RATE_HZ):
    return {"channel": "SOL", "rate_hz": rate_hz, "unit": "V", "x": list(x)}


def noise(n=4000):
    return 1e-4 * np.random.default_rng(1).standard_normal(n)


def test_it_is_welchs_in_the_band_of_emg():
    x = noise() + 1e-3 * np.sin(2 * np.pi * 150 * np.arange(4000) / RATE_HZ)
    told = channel_spectrum(samples(x))
    hz, density = signal.welch(x, RATE_HZ, nperseg=1000)
    used = (hz >= 20) & (hz <= 450)
    np.testing.assert_allclose(told["hz"], hz[used])
    np.testing.assert_allclose(told["density"], density[used], rtol=1e-9)
    assert told["hz"][np.argmax(told["density"])] == 150
    assert told["median_hz"] == pytest.approx(150, abs=4)
    assert told["seconds"] == 2.0


def test_only_what_came_since_the_last_gap_is_looked_at():
    x = [None, *noise(1000)]
    assert channel_spectrum(samples(x))["seconds"] == 0.5
    with pytest.raises(UserError, match=r"'SOL' has 0\.10 s without a gap"):
        channel_spectrum(samples([*noise(1000), np.nan, *noise(200)]))


def test_a_flat_channel_has_no_median():
    told = channel_spectrum(samples(np.zeros(2000)))
    assert told["median_hz"] is None
    assert max(told["density"]) == 0.0


@pytest.mark.parametrize(
    "data",
    [
        {},
        samples([], 2000.0) | {"channel": None},
        samples(["a"] * 2000),
        samples(noise(), 100.0),
        samples(noise(), float("nan")),
        samples(np.zeros(70_000)),
    ],
)
def test_what_is_no_emg_is_refused(data):
    with pytest.raises(UserError, match="no raw EMG"):
        channel_spectrum(data)
