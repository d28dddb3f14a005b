"""The daemon on real streams that go wrong: clear words, and nothing that is not finite."""

import numpy as np
import pytest

from pipeline.errors import UserError

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

PATIENCE_S = 150.0


@pytest.mark.parametrize("transport", ["lsl", "zmq"])
def test_a_stream_that_vanishes_fades_the_moment_and_comes_back(
    transport, walking, lab, running, wait_until
):
    config = walking(transport)
    streams, daemon = lab(config), running(config)
    wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)

    streams.silent.add("emg")
    wait_until(lambda: daemon.status() == "STALE", PATIENCE_S)
    wait_until(lambda: not any(daemon.moments[-1].moment), PATIENCE_S)
    quiet = len(daemon.moments)
    wait_until(lambda: len(daemon.moments) > quiet + 20, PATIENCE_S)
    assert daemon.status() == "STALE"
    assert not any(daemon.moments[-1].ok)

    streams.silent.clear()
    wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)
    assert daemon.end()["nonfinite"] == 0
    assert daemon.moments[-1].status == "STOPPED"
    assert not any(daemon.moments[-1].moment)


def test_bad_samples_are_counted_and_never_published(walking, lab, running, wait_until):
    config = walking("zmq")
    streams, daemon = lab(config), running(config)
    wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)
    for spoil in (
        lambda t, x: (t, np.full_like(x, np.nan)),
        lambda t, x: (t - 5.0, x),
        lambda t, x: (t + 1e6, x),
    ):
        for key in ("emg", "angles"):
            streams.spoil[key] = spoil
            wait_until(lambda: daemon.status() == "STALE", PATIENCE_S)
            streams.spoil.clear()
            wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)
    seen = len(daemon.statuses)
    wait_until(lambda: len(daemon.statuses) > seen, PATIENCE_S)
    emg = next(s for s in daemon.statuses[-1].streams if s.key == "emg")
    assert emg.out_of_order + emg.nonfinite > 0
    assert daemon.end()["nonfinite"] == 0
    assert np.isfinite([m.moment for m in daemon.moments]).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rate_hz = 100": "rate_hz = 250"}, ("100", "250")),
        (
            {'"soleus_r", "med': '"solaeus_r", "med', r'\["soleus_r"\]': '["solaeus_r"]'},
            ("solaeus_r",),
        ),
    ],
)
def test_a_stream_that_does_not_fit_is_refused_in_words(
    change, words, walking, lab, running, wait_until
):
    lab(walking())
    daemon = running(walking(**change))
    wait_until(lambda: all(word in daemon.note() for word in words), PATIENCE_S)
    wait_until(lambda: daemon.status() == "STARTING", PATIENCE_S)
    assert not any(any(m.ok) or any(m.moment) for m in daemon.moments)


def test_an_address_that_is_taken_is_a_user_error(walking, lab, running, wait_until):
    config = walking("zmq")
    lab(config)
    first = running(config)
    wait_until(lambda: first.status() == "NOMINAL", PATIENCE_S)
    second = running(config)
    wait_until(lambda: second.error is not None, PATIENCE_S)
    assert isinstance(second.error, UserError)
    assert "in use" in str(second.error)
