"""The daemon on real streams that go wrong: clear words, and nothing that is not finite."""

import multiprocessing
import os
import signal

import numpy as np
import pytest

from pipeline.errors import UserError

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

PATIENCE_S = 60.0


def pid_of(name: str) -> int:
    """Return the id of a process of the daemon, which is a child of this one."""
    return next(p.pid for p in multiprocessing.active_children() if p.name == name)


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
    streams = lab(walking())
    daemon = running(walking(**change))
    wait_until(lambda: all(word in daemon.note() for word in words), PATIENCE_S)
    wait_until(lambda: daemon.status() == "STARTING", PATIENCE_S)
    assert streams.outlets


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP])
def test_prediction_goes_on_without_the_calibrator_and_says_so(
    blow, walking, lab, running, wait_until
):
    # A busy machine may stall the test's own sender; only the daemon's part is judged here.
    patient = "[streams]\nstale_after_s = 2.0\n\n[streams.emg]"
    config = walking("zmq", **{r"\[streams.emg\]": patient})
    lab(config)
    daemon = running(config)
    wait_until(lambda: daemon.moments and daemon.moments[-1].parameter_version > 0, PATIENCE_S)
    version, hit = daemon.moments[-1].parameter_version, len(daemon.moments)
    os.kill(pid_of("calibrator"), blow)
    wait_until(lambda: daemon.status() == "DEGRADED", PATIENCE_S)
    wait_until(lambda: "calibrator" in daemon.note(), PATIENCE_S)
    wait_until(lambda: daemon.moments[-1].parameter_version > version, PATIENCE_S)
    wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)
    assert {m.status for m in daemon.moments[hit:]} == {"NOMINAL", "DEGRADED"}
    assert all(all(m.ok) for m in daemon.moments[hit:])
    assert daemon.end()["restarts"] == {"predictor": 0, "calibrator": 1, "recorder": 0}


def test_a_killed_predictor_comes_back_with_the_newest_parameters(
    walking, lab, running, wait_until
):
    config = walking("zmq")
    lab(config)
    daemon = running(config)
    wait_until(lambda: daemon.moments and daemon.moments[-1].parameter_version > 0, PATIENCE_S)
    version, session = daemon.moments[-1].parameter_version, daemon.moments[-1].session
    os.kill(pid_of("predictor"), signal.SIGKILL)
    wait_until(lambda: daemon.moments[-1].session != session, PATIENCE_S)
    wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)
    assert daemon.moments[-1].parameter_version >= version


def test_an_address_that_is_taken_is_a_user_error(walking, lab, running, wait_until):
    config = walking("zmq")
    lab(config)
    first = running(config)
    wait_until(lambda: first.status() == "NOMINAL", PATIENCE_S)
    second = running(config)
    wait_until(lambda: second.error is not None, PATIENCE_S)
    assert isinstance(second.error, UserError)
    assert "in use" in str(second.error)


def test_a_predictor_that_hangs_is_replaced(walking, lab, running, wait_until):
    """Stopped by a signal, its process lives, but its loop does not go round."""
    config = walking("zmq")
    lab(config)
    daemon = running(config)
    wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)
    session = daemon.moments[-1].session
    os.kill(pid_of("predictor"), signal.SIGSTOP)
    wait_until(lambda: daemon.moments[-1].session != session, PATIENCE_S)
    wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)
    assert daemon.end()["restarts"]["predictor"] == 1
