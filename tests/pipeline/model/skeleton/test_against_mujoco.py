"""The limb's dynamics against MuJoCo's, on the MyoArm itself and on the file made from it."""

import numpy as np
import pytest
import torch
from places import MODELS

from daemon.modelling.skeleton import MujocoLimb
from pipeline.model.skeleton import Skeleton, load_skeleton

mujoco = pytest.importorskip("mujoco")

ARM = MODELS / "myoarm_skeleton.json"
PHANTOMS = ("humphant", "humphant1")
RELATIVE = 1e-8


def postures(samples=200):
    """Angles inside MyoArm's ranges, velocities, accelerations and torques."""
    rng = np.random.default_rng(4)
    low, high = np.array([-1.0, 0.3, -1.2, 0.0, -1.4]), np.array([2.0, 2.5, 1.8, 2.2, 1.4])
    q = low + (high - low) * rng.random((samples, 5))
    return (
        q,
        3 * rng.normal(size=q.shape),
        20 * rng.normal(size=q.shape),
        10 * rng.normal(size=q.shape),
    )


def worst(found, wanted):
    return np.abs(found - wanted).max() / np.abs(wanted).max()


def as_mjcf(chain):
    """The chain as a MuJoCo model of its own, written from its numbers."""

    def text(values):
        return " ".join(f"{value:.17g}" for value in values)

    bones = {bone.name: bone for bone in chain.bones}
    opened, closed = [], 0
    for hinge in chain.hinges:
        bone = bones.get(hinge.bone)
        closed += 1
        mass = "<inertial pos='0 0 0' mass='1e-13' diaginertia='1e-13 1e-13 1e-13'/>"
        if bone is not None:
            mass = (
                f"<inertial pos='{text(bone.centre_of_mass_m)}' mass='{bone.mass_kg:.17g}' "
                f"fullinertia='{text(bone.inertia_kg_m2)}'/>"
            )
        opened.append(
            f"<body pos='{text(hinge.offset_m)}' quat='{text(hinge.quaternion)}'>{mass}"
            f"<joint type='hinge' axis='{text(hinge.axis)}'/>"
        )
    gravity = text(chain.gravity_m_s2)
    return (
        f"<mujoco><option gravity='{gravity}'/><worldbody>{''.join(opened)}{'</body>' * closed}"
        "</worldbody></mujoco>"
    )


def test_accelerations_and_torques_are_mujocos():
    """1. The chain as a MuJoCo model. 2. mj_forward and mj_inverse against ours."""
    chain = load_skeleton(ARM)
    arm, coupling = Skeleton.of(chain), chain.coupling()
    model = mujoco.MjModel.from_xml_string(as_mjcf(chain))
    model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_CONSTRAINT
    data = mujoco.MjData(model)
    q, qd, qdd, torque = postures()
    accelerations, torques = np.empty_like(q), np.empty_like(q)
    for i in range(len(q)):
        data.qpos[:], data.qvel[:] = coupling @ q[i], coupling @ qd[i]
        data.qfrc_applied[:] = np.linalg.solve(coupling.T, torque[i])
        mujoco.mj_forward(model, data)
        accelerations[i] = np.linalg.solve(coupling, data.qacc)
        data.qacc[:] = coupling @ qdd[i]
        mujoco.mj_inverse(model, data)
        torques[i] = coupling.T @ data.qfrc_inverse
    q, qd, qdd, torque = (torch.from_numpy(part) for part in (q, qd, qdd, torque))
    assert worst(arm.forward(q, qd, torque).numpy(), accelerations) < RELATIVE
    assert worst(arm.inverse(q, qd, qdd).numpy(), torques) < RELATIVE


def test_the_arm_moves_as_the_myoarm_itself(shared_data):
    """1. MyoArm's joints as its constraints couple them. 2. Its mass matrix and bias force."""
    chain = load_skeleton(ARM)
    arm = Skeleton.of(chain)
    model = mujoco.MjModel.from_xml_path(str(shared_data / "myoarm" / "myoarm_nomesh.xml"))
    for name in PHANTOMS:  # 1 kg*m^2 each in the source, several times the arm's own
        model.body(name).mass[:] = model.body(name).inertia[:] = 0.0
    model.dof_armature[:] = 0.0
    data = mujoco.MjData(model)
    spread = np.zeros((model.nv, 5))
    for column, name in enumerate(chain.coordinates):
        spread[model.joint(name).dofadr[0], column] = 1.0
    spread[model.joint("shoulder1_r2").dofadr[0], 0] = -1.0
    q, qd, qdd, torque = postures(60)
    accelerations, torques = np.empty_like(q), np.empty_like(q)
    mass, bias = np.zeros((model.nv, model.nv)), np.zeros(model.nv)
    for i in range(len(q)):
        data.qpos[:], data.qvel[:] = spread @ q[i], spread @ qd[i]
        # No mj_forward: it inverts the whole mass matrix, singular without the phantoms.
        for stage in (mujoco.mj_kinematics, mujoco.mj_comPos, mujoco.mj_crb, mujoco.mj_comVel):
            stage(model, data)
        mujoco.mj_fullM(model, data, mass)
        mujoco.mj_rne(model, data, 0, bias)
        ours, pull = spread.T @ mass @ spread, spread.T @ bias
        torques[i] = ours @ qdd[i] + pull
        accelerations[i] = np.linalg.solve(ours, torque[i] - pull)
    q, qd, qdd, torque = (torch.from_numpy(part) for part in (q, qd, qdd, torque))
    assert worst(arm.inverse(q, qd, qdd).numpy(), torques) < RELATIVE
    assert worst(arm.forward(q, qd, torque).numpy(), accelerations) < RELATIVE


def test_the_committed_file_is_what_the_importer_makes(shared_data):
    chain = load_skeleton(ARM)
    limb = MujocoLimb(shared_data / "myoarm" / "myoarm_nomesh.xml", chain.coordinates)
    for made, kept in zip(limb.hinges(), chain.hinges, strict=True):
        assert made.bone == kept.bone
        assert made.angle == kept.angle
        np.testing.assert_allclose(made.axis, kept.axis, atol=1e-12)
        np.testing.assert_allclose(made.offset_m, kept.offset_m, atol=1e-12)
    for made, kept in zip(limb.bones(), chain.bones, strict=True):
        np.testing.assert_allclose(made.mass_kg, kept.mass_kg, rtol=1e-12)
        np.testing.assert_allclose(made.inertia_kg_m2, kept.inertia_kg_m2, atol=1e-12)
