"""The rate of the EMG channels' levels."""

import pytest
from pydantic import ValidationError

from daemon.config.service import OutputConfig


@pytest.mark.parametrize("rate_hz", [0.0, 1.0, 50.0])
def test_levels_come_at_a_rate_or_not_at_all(rate_hz):
    assert OutputConfig(signals_hz=rate_hz).signals_hz == rate_hz


@pytest.mark.parametrize("rate_hz", [-1.0, 0.5, 51.0, float("nan")])
def test_a_rate_that_cannot_be_kept_is_refused(rate_hz):
    with pytest.raises(ValidationError, match="signals_hz"):
        OutputConfig(signals_hz=rate_hz)
