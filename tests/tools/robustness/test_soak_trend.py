"""What the soak calls growth, and what it leaves to chance."""

import numpy as np
import pytest

from tools.robustness.soak import trend

STEADY = 100.0 + np.sin(np.arange(48))


@pytest.mark.parametrize(
    ("name", "values", "flat"),
    [
        ("predictor, memory, MB", STEADY, True),
        ("predictor, memory, MB", STEADY + np.linspace(0, 30, 48), False),
        ("recorder, open files", STEADY, True),
        ("recorder, open files", STEADY + np.arange(48), False),
        ("latency p50, ms", STEADY, True),
        ("latency p50, ms", np.where(np.arange(48) % 3, STEADY, 900.0), True),
        ("latency p50, ms", STEADY * np.linspace(1, 4, 48), False),
        ("log, MB", 0.1 * np.arange(48), True),
        ("log, MB", 0.01 * np.arange(48) ** 2, False),
    ],
)
def test_what_grows_is_told_from_what_varies(name, values, flat):
    assert trend(name, list(values)).flat is flat
