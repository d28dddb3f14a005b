"""The limits of trust have to fit together."""

import pytest
from pydantic import ValidationError

from daemon.config.service import OutputConfig


def test_a_set_may_not_be_trusted_and_distrusted_at_once():
    with pytest.raises(ValidationError, match=r"trust_error = 1\.5 is above distrust_error = 1"):
        OutputConfig(trust_error=1.5)
    assert OutputConfig(trust_error=1.5, distrust_error=1.5).distrust_s == 8.0


@pytest.mark.parametrize("key", ["trust_error", "distrust_error", "distrust_s"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_a_limit_is_a_number_above_zero(key, value):
    with pytest.raises(ValidationError, match=key):
        OutputConfig(**{key: value})
