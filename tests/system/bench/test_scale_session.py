"""A session's growth, as the scale bench sees it while a daemon writes one."""

import pytest

from daemon.bench.scale_bytes import session_growth
from daemon.config import load_config
from pipeline.errors import UserError

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]


def test_a_session_grows_with_every_second():
    found = session_growth(load_config("arm"), 14.0)
    sizes = [point["bytes"] for point in found["points"]]
    assert sizes == sorted(sizes)
    assert 1e5 < found["bytes_per_min"] < 1e8
    assert (found["muscles"], found["joints"]) == (10, 4)


def test_a_run_too_short_to_tell_is_a_sentence():
    with pytest.raises(UserError, match="--session-seconds 16"):
        session_growth(load_config("arm"), 2.0)
