"""Accelerations from a stream of their own: at their own times, and never an old one as new."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from waiting_times import WaitingTimes

from daemon.assembly.model import model_in_use
from daemon.assembly.pipeline import build_pipeline
from daemon.assembly.skeleton import motion_pairing
from daemon.assembly.streams import stream_specs
from daemon.assembly.subject import generic_subject
from daemon.simulation.lab import Lab
from pipeline.streams import clock
from pipeline.streams.base import Chunk
from pipeline.streams.zeromq.frames import FrameReader
from pipeline.streams.zeromq.wire import Samples, encode
from pipeline.timebase.pairing import REFERENCE_WAIT_S
from pipeline.timebase.rows import PairedRows

JOINTS = ("elbow_flexion", "elv_angle")
"""In another order than the angles, and not all of them."""
T = np.arange(200) / 100.0
ANGLES = np.stack([np.sin(T + k) for k in range(4)], 1)
OURS = [3, 0]
"""Places of `JOINTS` in the motion."""


def stream(unit="rad/s^2", rate_hz=100, joints=JOINTS, address="tcp://127.0.0.1:5565"):
    """The change to the set-up that adds the stream."""
    names = ", ".join(f'"{name}"' for name in joints)
    text = f'[streams.accelerations]\ntransport = "zmq"\naddress = "{address}"\n'
    text += f'rate_hz = {rate_hz}\nunit = "{unit}"\nchannels = [{names}]\n\n[skeleton]'
    return "[skeleton]", text


def chunks(accelerations=None, t=T):
    """What comes in of each stream."""
    if accelerations is None:
        accelerations = np.stack([5.0 + T, -7.0 * T], 1)
    torque = np.zeros((len(T), 4))
    return {
        "angles": Chunk("angles", T, ANGLES),
        "external": Chunk("external", T, torque),
        "accelerations": Chunk("accelerations", t, accelerations),
    }


def paired(config, given_chunks, at=T):
    made = WaitingTimes(motion_pairing(config))
    made.push_times(at)
    for key in made.streams:
        made.push_reference(given_chunks[key])
    return made.paired()


def test_measured_joints_have_the_streams_acceleration_and_others_that_of_their_angle(
    torque_free_arm,
):
    at = T[30:] - 0.003  # between samples
    t, motion = paired(torque_free_arm(stream()), chunks(), at)
    _, plain = paired(torque_free_arm(), chunks(), at)
    np.testing.assert_array_equal(t, at[: len(t)])
    assert np.isfinite(motion).all()
    np.testing.assert_allclose(motion[:, 2, OURS], np.stack([5.0 + t, -7.0 * t], 1))
    np.testing.assert_array_equal(motion[:, :2], plain[:, :2])
    np.testing.assert_array_equal(motion[:, 2, [1, 2, 4]], plain[:, 2, [1, 2, 4]])


def test_a_gap_in_the_accelerations_leaves_no_motion(torque_free_arm):
    keep = np.r_[0:100, 110:200]
    given_chunks = chunks(np.ones((len(keep), 2)), T[keep])
    _, motion = paired(torque_free_arm(stream()), given_chunks)
    known = np.isfinite(motion).all(axis=(1, 2))
    assert not known[100:110].any()
    assert known[20:100].all()
    assert known[110:180].all()


def test_times_wait_for_accelerations_that_stay_away(torque_free_arm):
    made = WaitingTimes(motion_pairing(torque_free_arm(stream())))
    made.push_times(T)
    for key, chunk in chunks().items():
        part = slice(0, 60 if key == "accelerations" else None)
        made.push_reference(Chunk(key, chunk.t[part], chunk.x[part]))
    assert made.paired()[0][-1] == T[59]
    assert not len(made.paired()[0])
    made.push_reference(Chunk("accelerations", T[-1:], np.ones((1, 2))))
    t, motion = made.paired()
    assert t[0] == T[60]
    assert not np.isfinite(motion).all(axis=(1, 2)).any()  # the last one is too old for these


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_motion_does_not_depend_on_chunks_or_arrival(torque_free_arm, data):
    config = torque_free_arm(stream(rate_hz=200))
    t = np.arange(120) / 200.0 + 0.001
    whole = chunks(np.random.default_rng(3).standard_normal((120, 2)), t)
    expected = paired(config, whole, T[:80])
    made, got = WaitingTimes(motion_pairing(config)), []

    def cut(x):
        cuts = data.draw(st.lists(st.integers(0, len(x)), max_size=5))
        return [slice(*part) for part in pairwise([0, *sorted(cuts), len(x)])]

    waiting = {"times": cut(T[:80])} | {key: cut(chunk.t) for key, chunk in whole.items()}
    order = [key for key, pieces in waiting.items() for _ in pieces]
    for key in data.draw(st.permutations(order)):
        part = waiting[key].pop(0)
        if key == "times":
            made.push_times(T[:80][part])
        else:
            made.push_reference(Chunk(key, whole[key].t[part], whole[key].x[part]))
        got.append(made.paired())
    np.testing.assert_array_equal(np.concatenate([one[0] for one in got]), expected[0])
    np.testing.assert_array_equal(np.concatenate([one[1] for one in got]), expected[1])


def test_a_fast_stream_that_was_away_for_long_comes_back(torque_free_arm):
    """Rows wait for it as long as for any other reference; the older ones are given up."""
    config = torque_free_arm(stream(rate_hz=500))
    chain, lab = build_pipeline(config, generic_subject(model_in_use(config))), Lab(config)
    held, came = [], []
    for tenth in range(1, 101):
        block = lab.block(100)
        for key in ("emg", "angles", "external"):
            samples = getattr(block, key)
            chain.push(Chunk(key, samples.t, samples.x))
        held.append(block.accelerations)
        newest = chain.predict().t[-1]
        if tenth == 80:
            back_s = newest
        if tenth >= 80:
            for samples in held:
                chain.push(Chunk("accelerations", samples.t, samples.x))
            held.clear()
        came.append(chain.pair())
    assert came[:79] == [None] * 79
    rows = PairedRows.joined([one.rows for one in came[79:]])
    assert back_s - rows.t[0] == pytest.approx(REFERENCE_WAIT_S, abs=0.11)
    np.testing.assert_allclose(np.diff(rows.t), 0.01)
    assert np.isfinite(rows.motion).all()


def test_what_is_not_finite_or_cannot_be_is_refused_and_degrees_are_converted(torque_free_arm):
    config = torque_free_arm(stream(unit="deg/s^2"))
    spec = stream_specs(config)[-1]
    assert (spec.key, spec.channels, spec.to_si) == ("accelerations", JOINTS, np.pi / 180.0)
    reader, now = FrameReader(spec, "nowhere", 0.05), clock.now()
    t = now - 0.05 + np.arange(5) / 100.0
    x = np.array([[180.0, 0.0], [np.nan, 0.0], [0.0, np.inf], [1e8, 0.0], [0.0, -90.0]])
    chunk = reader.read(encode(Samples("accelerations", 0, JOINTS, "deg/s^2", 100.0, t, x)))
    np.testing.assert_allclose(chunk.x, np.radians(x[[0, 4]]))
    health = reader.health(now)
    assert (health.received, health.nonfinite) == (5, 3)


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_the_lab_measures_the_true_accelerations(torque_free_arm, noise):
    section = f"[simulation]\nacceleration_noise_rad_s2 = {noise}\njitter_s = 0.0\n"
    old, new = stream(rate_hz=200)
    lab = Lab(torque_free_arm((old, f"{section}\n{new}")))
    blocks = [lab.block(n) for n in (999, 1, 2000)]
    t, x = (np.concatenate([getattr(b.accelerations, f) for b in blocks]) for f in ("t", "x"))
    np.testing.assert_allclose(t, np.arange(600) / 200.0)
    angle = np.concatenate([b.truth.angle for b in blocks])
    second = np.gradient(np.gradient(angle, 0.01, axis=0), 0.01, axis=0)[3:-3, OURS]
    off = (x[::2][3:-3] - second).std()
    assert off == pytest.approx(noise, abs=0.06)
    assert second.std() > 2.0


def test_the_lab_without_such_a_stream_measures_none(torque_free_arm):
    assert Lab(torque_free_arm()).block(100).accelerations.x.shape == (10, 0)
