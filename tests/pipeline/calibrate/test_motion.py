"""Motion as a reference: what it asks of muscles, and what it tells of bones."""

from dataclasses import replace

import numpy as np
import torch
from waiting_times import WaitingTimes

from daemon.assembly.calibrator import parameter_space
from daemon.assembly.model import model_in_use
from daemon.assembly.pipeline import build_pipeline
from daemon.assembly.skeleton import motion_reference, starting_bones
from daemon.assembly.subject import generic_subject
from pipeline.calibrate.confidence import FREE_DEVIATION
from pipeline.model.skeleton import Skeleton, load_skeleton
from pipeline.streams.base import Chunk


def sampled(config, seed=0, trials=2, size=5):
    """Return the skeleton and a random motion with the torque of a device, in model order."""
    skeleton = Skeleton.of(load_skeleton(config.skeleton.file))
    q, qd, qdd = torch.randn(3, trials, size, 5, generator=torch.manual_seed(seed)).double()
    q = 0.7 + 0.2 * q
    torque = skeleton.inverse(q, qd, qdd)
    external = torch.randn(torque.shape).double()
    motion = torch.stack((q, qd, qdd, external), 1).transpose(-1, -2)  # dofs come first in both
    return skeleton, motion, torque


def test_true_muscles_and_bones_leave_nothing_over(torque_free_arm):
    config = torque_free_arm()
    skeleton, motion, torque = sampled(config)
    regressor = motion_reference(config).regressor(motion, skeleton.inertia)
    muscles = (torque.transpose(-1, -2) - motion[:, 3])[:, :4]
    assert regressor.residual_torque(muscles, skeleton.inertia).abs().max() < 1e-10


def test_a_torque_left_over_is_weighed_by_what_it_does_to_the_limb(torque_free_arm):
    config = torque_free_arm()
    skeleton, motion, torque = sampled(config)
    q, qd, _ = motion[:, :3].transpose(-1, -2).unbind(1)
    regressor = motion_reference(config).regressor(motion, skeleton.inertia)
    more = torch.zeros_like(torque)
    more[..., 3] = 0.1
    change = regressor.accelerations(more[..., :4].transpose(-1, -2)).transpose(-1, -2)
    # With the forearm's rotation held, it accelerates no less than where that gives way.
    forward = skeleton.forward(q, qd, torque + more) - skeleton.forward(q, qd, torque)
    assert torch.all(change[..., 3] > 0)
    assert torch.allclose(change[..., 3], forward[..., 3], rtol=0.35)


def test_bones_believed_are_the_zero_of_the_vector(torque_free_arm):
    config = torque_free_arm()
    prior = generic_subject(model_in_use(config))
    space = parameter_space(config, prior, "cpu")
    believed = starting_bones(config).inertia.float()
    torch.testing.assert_close(space.inertia(space.zeros()), believed)
    heavier = space.zeros()
    heavier[space.labels.index(("ulna", "mass"))] = 1.0
    ratio = space.inertia(heavier)[1, 0] / believed[1, 0]
    assert abs(float(ratio) - 1.1) < 1e-3
    assert space.vector(prior).shape == (space.size,)
    other = space.around(replace(prior, tendon_slack_length=1.01 * prior.tendon_slack_length))
    assert other.labels == space.labels
    assert other.size == space.size
    torch.testing.assert_close(other.inertia(heavier), space.inertia(heavier))


def test_bones_can_be_kept(torque_free_arm):
    config = torque_free_arm(("smoothing_window_s = 0.3", "smoothing_window_s = 0.3\nfree = false"))
    prior = generic_subject(model_in_use(config))
    space = parameter_space(config, prior, "cpu")
    assert space.size == space.muscle_size
    torch.testing.assert_close(space.inertia(space.zeros()), space.believed)
    assert FREE_DEVIATION > 1.0  # a muscle's entry counts for more than a bone's


def pairing(config) -> WaitingTimes:
    made = build_pipeline(config, generic_subject(model_in_use(config)))
    return WaitingTimes(made._pairing)


def test_motion_comes_with_the_torque_of_its_time(torque_free_arm):
    made = pairing(torque_free_arm())
    t = np.arange(200) / 100.0
    angles = np.stack([np.sin(t + k) for k in range(4)], 1)
    made.push_times(t)
    made.push_reference(Chunk("angles", t, angles))
    assert not len(made.paired()[0])  # no torque yet
    made.push_reference(Chunk("external", t, np.stack([t, -t, 2 * t, 3 * t], 1)))
    found, rows = made.paired()
    assert found[-1] == t[-16]  # half a span late
    known = np.isfinite(rows).all(axis=(1, 2))
    assert known[20:].all()
    np.testing.assert_allclose(rows[known][:, 2, 0], -angles[: len(rows), 0][known], atol=0.01)
    np.testing.assert_allclose(rows[known][:, 3, 3], 3 * found[known])
    np.testing.assert_array_equal(rows[:, :, 4], 0.0)  # the forearm does not turn


def test_without_a_device_motion_alone_is_the_reference(torque_free_arm):
    config = torque_free_arm()
    streams = config.streams.model_copy(update={"external": None})
    made = pairing(config.model_copy(update={"streams": streams}))
    t = np.arange(100) / 100.0
    made.push_times(t)
    made.push_reference(Chunk("angles", t, np.full((100, 4), 0.5)))
    found, rows = made.paired()
    np.testing.assert_array_equal(found, t[: len(found)])
    assert len(found) in (84, 85)
    np.testing.assert_array_equal(rows[:, 3], 0.0)
    assert not len(made.paired()[0])


def test_a_gap_in_the_torque_leaves_no_reference(torque_free_arm):
    made = pairing(torque_free_arm())
    t = np.arange(200) / 100.0
    torque = np.zeros((200, 4))
    torque[100:105, 2] = np.nan
    made.push_times(t)
    made.push_reference(Chunk("external", t, torque))
    made.push_reference(Chunk("angles", t, np.zeros((200, 4))))
    _, rows = made.paired()
    known = np.isfinite(rows).all(axis=(1, 2))
    assert not known[100:105].any()
    assert known[106:180].all()
