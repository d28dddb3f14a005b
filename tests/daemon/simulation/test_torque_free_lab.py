"""The simulated exoskeleton, and what the calibrator learns of a person in it."""

import numpy as np
import torch

from daemon.assembly.calibrator import build_calibrator
from daemon.assembly.model import model_in_use
from daemon.assembly.pipeline import build_pipeline
from daemon.assembly.subject import generic_subject
from daemon.simulation.lab import Lab
from daemon.simulation.person.movement import Reach
from pipeline.model.skeleton import (
    SHAPE,
    Skeleton,
    inertia_of_shape,
    load_skeleton,
    shape_of_inertia,
)
from pipeline.streams.base import Chunk
from pipeline.update import Result
from tools.studies.torque_free import run

BELIEVED = ("[skeleton]", "[failover]\nenabled = false\n\n[skeleton]")
"""Every electrode is valid, whatever it gives."""


def test_rates_are_those_of_the_angles():
    reach = Reach(0.1, 0.8, 0.2, np.array([0.0, 1.0]), np.array([1.0, 0.5]))
    t, h = np.linspace(0.15, 0.85, 20), 1e-4
    before, here, after = (reach.angles(t + k * h) for k in (-1, 0, 1))
    velocity, acceleration = reach.rates(t)
    np.testing.assert_allclose(velocity, (after - before) / (2 * h), atol=1e-5)
    np.testing.assert_allclose(acceleration, (after - 2 * here + before) / h**2, atol=1e-4)
    np.testing.assert_array_equal(reach.rates(np.array([0.0, 1.05])), 0.0)


def test_muscles_exoskeleton_and_true_bones_make_the_motion(torque_free_arm):
    config = torque_free_arm(("[skeleton]", "[simulation]\nmoment_noise_nm = 0.0\n\n[skeleton]"))
    lab = Lab(config)
    block = lab.block(3000)
    skeleton = Skeleton.of(load_skeleton(config.skeleton.file))
    factors = torch.tensor(
        [[row[number] for number in SHAPE] for row in lab.truth()["bones"].values()]
    ).double()
    true = skeleton.with_inertia(inertia_of_shape(shape_of_inertia(skeleton.inertia) * factors))
    q = np.zeros((len(block.truth.angle), 5))
    q[:, :4] = block.truth.angle
    qd, h = np.gradient(q, 0.01, axis=0), 0.01
    qdd = np.gradient(qd, h, axis=0)
    needed = true.inverse(*map(torch.from_numpy, (q, qd, qdd))).numpy()[2:-2, :4]
    given = (block.external.x + block.truth.moment)[2:-2]
    assert np.sqrt(np.mean((given - needed) ** 2)) < 0.05


def test_moments_come_close_to_those_that_nobody_measured(torque_free_arm):
    outcome = run(torque_free_arm(), 12.0, 4.0)
    assert outcome.updates > 2
    before, after = (np.mean(list(part.values())) for part in (outcome.start, outcome.unused))
    assert after < 0.6 * before
    rows = {row["parameter"]: row for row in outcome.parameters}
    assert {"BIClong:strength", "humerus:mass", "radius:skew_yz"} <= set(rows)
    assert rows["radius:skew_yz"]["identifiability"] == "unobserved"
    assert all(np.isfinite(row["half_interval"]) for row in outcome.parameters)


def fed(config, seconds, spoil):
    """Return a calibrator that has seen a person whose samples `spoil` has changed."""
    subject = generic_subject(model_in_use(config))
    chain, lab = build_pipeline(config, subject), Lab(config)
    calibrator = build_calibrator(config, subject)
    for _ in range(seconds):
        block = lab.block(1000)
        for key in ("emg", "angles", "external"):
            samples = getattr(block, key)
            chain.push(Chunk(key, samples.stamp, spoil(key, samples.x)))
        chain.predict()
        if (paired := chain.pair()) is not None:
            calibrator.add(paired.rows)
    return calibrator


def test_a_person_who_does_nothing_teaches_nothing(torque_free_arm):
    still = {"emg": 0.0, "angles": 0.5, "external": 0.0}
    update = fed(torque_free_arm(BELIEVED), 5, lambda key, x: np.full_like(x, still[key])).update()
    assert update.result is Result.NOT_EXCITED


def test_without_torque_there_is_no_reference(torque_free_arm):
    update = fed(
        torque_free_arm(), 5, lambda key, x: x + np.nan if key == "external" else x
    ).update()
    assert update.result is Result.NO_REFERENCE
    assert "torque" in update.sentence


def test_a_muscle_that_is_not_used_is_unobserved(torque_free_arm):
    silent = torque_free_arm().streams.emg.channels.index("BRD")

    def spoil(key, x):
        return np.where(np.arange(x.shape[1]) == silent, 0.0, x) if key == "emg" else x

    calibrator = fed(torque_free_arm(BELIEVED), 6, spoil)
    known = calibrator.update().confidence
    place = calibrator.space.prior.muscles.index("BRD")
    assert known.identifiability["strength"][place] in ("unobserved", "weakly_identified")
    assert known.identifiability["shape_factor"][place] == "unobserved"
    assert set(known.bones) == set(
        map(str, calibrator.space.labels[calibrator.space.muscle_size :])
    )


def test_joints_that_do_not_move_tell_nothing_of_inertia(torque_free_arm):
    still = fed(torque_free_arm(), 5, lambda key, x: np.full_like(x, 0.5) if key == "angles" else x)
    known = still.update().confidence
    inertia = [number for label, number in known.bones.items() if "radius_" in label]
    assert {number.identifiability for number in inertia} == {"unobserved"}
    assert min(number.deviation for number in inertia) > 0.095  # of 0.1 before any data
