"""Senders as they stamp: over real LSL, nothing that was sent is lost, and stamps are even."""

import numpy as np
import pylsl
import pytest
from numpy.testing import assert_array_equal

from pipeline.emg.filter import EmgFilter
from pipeline.streams import clock
from pipeline.streams.base import StreamSpec
from pipeline.streams.lsl.source import LslSource

RATE_HZ = 2148.0
CHUNK = 27
CHUNKS = 240
SPEC = StreamSpec("emg", ("count", "emg"), RATE_HZ)


@pytest.fixture
def outlet(unique_name):
    """Open an outlet of a nominal rate, of which a source has received something."""
    opened = []

    def make(nominal_hz, wait_until):
        info = pylsl.StreamInfo(unique_name, "EMG", 2, nominal_hz, "float32", unique_name)
        channels = info.desc().append_child("channels")
        for label in SPEC.channels:
            channels.append_child("channel").append_child_value("label", label)
        sender, source = pylsl.StreamOutlet(info), LslSource(SPEC, name=unique_name)
        opened.extend((source.close, sender.__del__))
        source.open()

        def received():
            sender.push_sample([-1.0, 0.0], clock.now() - 8.0)
            return source.poll() is not None

        wait_until(received)
        return sender, source

    yield make
    for close in opened[:1]:
        close()


def raw_emg(count):
    """EMG of a muscle that works twice a second."""
    t = np.arange(count) / RATE_HZ
    return np.sin(np.pi * 2.0 * t) ** 2 * np.random.default_rng(2).standard_normal(count)


@pytest.mark.parametrize("nominal_hz", [RATE_HZ, 0.0], ids=["rate", "no rate"])
@pytest.mark.parametrize("jitter_s", [0.0, 0.003, 0.008])
def test_chunks_stamped_on_arrival_come_whole_and_even(outlet, wait_until, nominal_hz, jitter_s):
    """Where the sender states no rate, all samples of a chunk bear one stamp."""
    sender, source = outlet(nominal_hz, wait_until)
    rng, emg = np.random.default_rng(1), raw_emg(CHUNK * CHUNKS)
    start, got = clock.now() - 5.0, []

    def there(newest):
        """Tell whether a sample has come; an inlet keeps two seconds for us, no more."""
        if (chunk := source.poll()) is not None:
            got.append(chunk)
        return bool(got) and got[-1].x[-1, 0] >= newest

    for k in range(CHUNKS):
        place = np.arange(k * CHUNK, (k + 1) * CHUNK)
        stamp = start + place[-1] / RATE_HZ + rng.normal(0.0, jitter_s)
        sender.push_chunk(np.column_stack((place, emg[place])).astype(np.float32), stamp)
        if k % 20 == 0 or k == CHUNKS - 1:
            newest = int(place[-1])
            wait_until(lambda newest=newest: there(newest))
    t, x = (np.concatenate([getattr(chunk, of) for chunk in got]) for of in "tx")
    t, x = t[x[:, 0] >= 0], x[x[:, 0] >= 0]
    assert_array_equal(x[:, 0], np.arange(CHUNK * CHUNKS))
    assert np.all(np.diff(t) > 0)
    health = source.health(clock.now())
    assert (health.out_of_order, health.nonfinite, health.dropped_share) == (0, 0, 0.0)
    true = start + x[:, 0] / RATE_HZ
    settled = true > start + 1.5
    assert np.abs(t - true)[settled].max() < max(1e-3, 1.2 * jitter_s)
    assert health.rate_hz == pytest.approx(RATE_HZ, rel=0.01)
    clean, as_sent = envelope(true, x[:, 1:]), envelope(t, x[:, 1:])
    off = np.interp(true, t, as_sent) - clean
    assert np.abs(off)[settled].max() < 0.05 * clean.max()


def envelope(t, x):
    """The envelope of one channel with the shipped settings, shape [n]."""
    orders = {"band_hz": (30.0, 300.0), "band_order": 3, "lowpass_hz": 5.0, "lowpass_order": 2}
    return EmgFilter(RATE_HZ, 1, **orders, max_gap_s=0.03).process(t, x)[0][:, 0]
