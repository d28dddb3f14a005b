"""Ready envelopes that go below zero, or stand high at rest."""

import numpy as np

from pipeline.emg.ready_envelope import ReadyEnvelopeWatch
from pipeline.streams.base import Chunk

NAMES = ("soleus", "tib_ant", "vastus", "idle")
T = np.arange(1500) / 100.0


def envelopes():
    """Return a second's cycle of each muscle, MVC; the last one does nothing."""
    wave = np.maximum(0.0, np.sin(2 * np.pi * T[:, None] + np.array([0.0, 2.0, 4.0, 0.0])))
    return wave * np.array([0.5, 0.3, 0.4, 0.0]) + 0.01


def looked_at(x, pieces=11):
    watch = ReadyEnvelopeWatch(NAMES, 100.0)
    for part in np.array_split(np.arange(len(T)), pieces):
        watch.process(Chunk("emg", T[part], x[part]), np.ones(4))
    return watch.negative, watch.high


def test_a_sound_envelope_is_not_spoken_of():
    assert looked_at(envelopes()) == ((), ())


def test_below_zero_and_high_at_rest_are_named_by_channel():
    x = envelopes()
    x[:, 1] -= 0.1
    x[:, 2] += 0.4
    assert looked_at(x) == (("tib_ant",), ("vastus",))
    assert looked_at(x, pieces=300) == (("tib_ant",), ("vastus",))


def test_it_is_over_when_the_last_seconds_are_sound():
    x = envelopes()
    x[:300, 1] -= 0.1
    assert looked_at(x) == ((), ())
