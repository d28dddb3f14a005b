"""Streams whose values cannot be: named in words, learnt from by nobody, until they are right."""

import os

import numpy as np
import pytest

from daemon.assembly.model import model_in_use
from daemon.assembly.pipeline import build_pipeline
from daemon.assembly.subject import starting_subject
from daemon.host.machine import family
from pipeline.streams.base import Chunk

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

PATIENCE_S = 90.0


def in_degrees(t, x):
    return t, np.degrees(x)


def test_degrees_taken_for_radians_are_named_and_the_predictor_lives_on(
    walking, lab, running, wait_until
):
    config = walking("lsl")
    streams, daemon = lab(config), running(config)
    wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)
    session = daemon.moments[-1].session
    workers = family(os.getpid())

    streams.spoil["angles"] = in_degrees
    wait_until(lambda: daemon.status() == "FAULT", PATIENCE_S)
    wait_until(lambda: 'Set streams.angles.unit = "deg"' in daemon.note(), PATIENCE_S)
    assert any(f"{name} is " in daemon.note() for name in config.streams.angles.channels)
    wait_until(lambda: not any(daemon.moments[-1].moment), PATIENCE_S)
    assert not any(daemon.moments[-1].ok)
    quiet = len(daemon.moments)
    wait_until(lambda: len(daemon.moments) > quiet + 200, PATIENCE_S)
    assert {m.status for m in daemon.moments[quiet:]} == {"FAULT"}

    streams.spoil.clear()
    wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)
    wait_until(lambda: "deg" not in daemon.note(), PATIENCE_S)
    assert daemon.moments[-1].session == session
    now = family(os.getpid())
    assert now["predictor"] == workers["predictor"]
    assert daemon.end()["nonfinite"] == 0


def test_degrees_from_the_start_are_a_fault_and_not_a_long_start(walking, lab, running, wait_until):
    config = walking("zmq")
    streams = lab(config)
    streams.spoil["angles"] = in_degrees
    daemon = running(config)
    wait_until(lambda: daemon.status() == "FAULT", PATIENCE_S)
    wait_until(lambda: "are these degrees?" in daemon.note(), PATIENCE_S)
    assert not any(any(m.moment) for m in daemon.moments)


def test_a_reference_in_newton_millimetres_is_named_and_not_learnt_from(
    walking, lab, running, wait_until
):
    config = walking("zmq")
    streams = lab(config)
    streams.spoil["moments"] = lambda t, x: (t, 1000.0 * x)
    daemon = running(config)
    wait_until(lambda: "is it in N*mm?" in daemon.note(), PATIENCE_S)
    assert "output.max_moment_nm (300)" in daemon.note()
    wait_until(lambda: daemon.calibrated(lambda told: told.result == "no_reference"), PATIENCE_S)
    assert daemon.statuses[-1].calibrator.version == 0

    streams.spoil.clear()
    wait_until(lambda: daemon.told(lambda said: "N*mm" not in said.note), PATIENCE_S)


def test_a_sender_that_says_newton_millimetres_is_taken_at_its_word(
    walking, lab, running, wait_until
):
    config = walking(**{'unit = "N\\*m"': 'unit = "N.mm"'})
    streams = lab(config)
    streams.spoil["moments"] = lambda t, x: (t, 1000.0 * x)
    daemon = running(config)
    wait_until(lambda: daemon.told(lambda said: said.reference is not None), PATIENCE_S)
    reference = daemon.statuses[-1].reference
    assert 0.0 < max(abs(value) for (value,) in reference.values()) <= 20.0 + 1e-6


def own_moments(config, streams):
    """Return what the set-up's model predicts of the lab's cycle of 1 s, N*m, shape [100, dof]."""
    chain = build_pipeline(config, starting_subject(config, model_in_use(config)))
    t = np.arange(5001, 6001) / 100.0
    for key in ("emg", "angles"):
        x = np.vstack([np.atleast_2d(streams.sample(key, stamp)) for stamp in t])
        chain.push(Chunk(key, t, x))
    predicted = chain.predict()
    places = np.round(100.0 * predicted.t[-100:]).astype(int) % 100
    return predicted.moment[-100:][np.argsort(places)]


def test_a_reference_of_opposite_sign_is_named_joint_by_joint_and_not_learnt_from(
    walking, lab, running, wait_until
):
    """A person who is the model's, whose knee comes with the wrong sign, then the right one."""
    config = walking("lsl")
    streams = lab(config)
    moments = own_moments(config, streams)
    assert np.ptp(moments, axis=0).min() > 10.0

    def sent(sign):
        return lambda t, x: (
            t,
            np.array([1.0, sign, 1.0]) * moments[np.round(100 * t).astype(int) % 100],
        )

    streams.spoil["moments"] = sent(-1.0)
    daemon = running(config)
    wait_until(
        lambda: "The reference of knee_angle_r has the opposite sign" in daemon.note(), PATIENCE_S
    )
    assert "hip_flexion_r and" not in daemon.note()
    assert daemon.statuses[-1].calibrator.version == 0
    assert daemon.calibrated(lambda told: told.result == "opposite_reference")

    streams.spoil["moments"] = sent(1.0)
    wait_until(lambda: daemon.told(lambda said: "opposite sign" not in said.note), PATIENCE_S)
    wait_until(lambda: daemon.calibrated(lambda told: told.loss is not None), PATIENCE_S)
