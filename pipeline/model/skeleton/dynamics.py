"""Forward and inverse dynamics of a limb, differentiable in its bones and in its state.

Samples are leading dimensions everywhere: angles have shape [..., dof]. Bones may have leading
dimensions of their own, which broadcast against those of the samples.

References
----------
Featherstone 2008, Rigid Body Dynamics Algorithms, doi 10.1007/978-1-4899-7560-7: recursive
Newton-Euler (table 5.1) and the articulated-body algorithm (table 7.1).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor

from pipeline.model.skeleton import articulated
from pipeline.model.skeleton.inertia import (
    INERTIAL,
    central_inertia,
    standard_inertia,
    symmetric,
)
from pipeline.model.skeleton.kinematics import Frames, frames
from pipeline.model.skeleton.tree import Bone, KinematicTree
from pipeline.shapes import Float


class _Rates(NamedTuple):
    """Motion of a hinge's axes, in these axes; each of shape [..., 3]."""

    velocity: Tensor
    """Angular velocity, rad/s."""
    turning: Tensor
    """Angular acceleration, rad/s^2."""
    linear: Tensor
    """Acceleration of the origin less gravity, m/s^2."""


@dataclass(frozen=True)
class Skeleton:
    """A limb with its bones.

    Parameters
    ----------
    chain
        Hinges, offsets and gravity: what is not identified.
    inertia
        Inertial parameters as `INERTIAL` names them, shape [..., bone, 10].
    """

    chain: KinematicTree
    inertia: Tensor

    @classmethod
    def of(
        cls, chain: KinematicTree, dtype: torch.dtype = torch.float64, device: str = "cpu"
    ) -> Skeleton:
        """Return the limb with the bones as its file describes them."""
        mass = torch.tensor([bone.mass_kg for bone in chain.bones], dtype=torch.float64)
        centre = torch.tensor([b.centre_of_mass_m for b in chain.bones], dtype=torch.float64)
        central = torch.as_tensor(np.stack([b.inertia_matrix() for b in chain.bones]))
        return cls(chain, standard_inertia(mass, centre, central).to(device, dtype))

    def with_inertia(self, inertia: Tensor) -> Skeleton:
        """Return the same limb with other bones, inertial parameters of shape [..., bone, 10]."""
        return replace(self, inertia=inertia)

    def described(self) -> KinematicTree:
        """Return the chain with these bones, of shape [bone, 10], as a file describes them."""
        mass, centre, central = (part.tolist() for part in central_inertia(self.inertia))
        bones = (
            Bone(name, m, tuple(c), (i[0][0], i[1][1], i[2][2], i[0][1], i[0][2], i[1][2]))
            for name, m, c, i in zip(self.chain.bone_names, mass, centre, central, strict=True)
        )
        return replace(self.chain, bones=tuple(bones))

    @property
    def coordinates(self) -> tuple[str, ...]:
        """Joint coordinates in the order of the last dimension of every argument."""
        return self.chain.coordinates

    def inverse(
        self,
        q: Float[Tensor, "*batch coordinate"],
        qd: Float[Tensor, "*batch coordinate"],
        qdd: Float[Tensor, "*batch coordinate"],
    ) -> Float[Tensor, "*any coordinate"]:
        """Return the joint torques of a motion, by recursive Newton-Euler.

        Parameters
        ----------
        q, qd, qdd
            Angles, rad, their velocities and accelerations, shape [..., dof].

        Returns
        -------
        Tensor
            N*m, shape [..., dof].
        """
        here = frames(self.chain, q)
        rates = self._motion(here, qd @ here.coupling.T, qdd @ here.coupling.T, gravity=True)
        return self._torque(here, rates, self.inertia) @ here.coupling

    def forward(
        self,
        q: Float[Tensor, "*batch coordinate"],
        qd: Float[Tensor, "*batch coordinate"],
        torque: Float[Tensor, "*#batch coordinate"],
    ) -> Float[Tensor, "*any coordinate"]:
        """Return the accelerations that torques cause, by the articulated-body algorithm.

        Parameters
        ----------
        q, qd
            Angles, rad, and their velocities, shape [..., dof].
        torque
            N*m, shape [..., dof].

        Returns
        -------
        Tensor
            rad/s^2, shape [..., dof].
        """
        here = frames(self.chain, q)
        back: Tensor = torch.linalg.inv(here.coupling)
        of_hinges = articulated.accelerations(
            self.chain, here, self.inertia, qd @ here.coupling.T, torque @ back
        )
        return of_hinges @ back.T

    def mass_matrix(
        self, q: Float[Tensor, "*batch coordinate"]
    ) -> Float[Tensor, "*any coordinate coordinate"]:
        """Return the mass matrix, kg*m^2, shape [..., dof, dof]."""
        here = frames(self.chain, q.unsqueeze(-2))
        one = here.coupling.T  # a unit acceleration of each coordinate
        rates = self._motion(here, torch.zeros_like(one), one, gravity=False)
        return self._torque(here, rates, self.inertia.unsqueeze(-3)) @ here.coupling

    def regressor(
        self,
        q: Float[Tensor, "*batch coordinate"],
        qd: Float[Tensor, "*batch coordinate"],
        qdd: Float[Tensor, "*batch coordinate"],
    ) -> Float[Tensor, "*any coordinate inertial"]:
        """Return the inverse dynamics per inertial parameter, shape [..., dof, bone * 10].

        Its product with the bones' parameters, one after the other, is the torque of `inverse`.
        """
        here = frames(self.chain, q.unsqueeze(-2))
        rates = self._motion(
            here, (qd @ here.coupling.T)[..., None, :], (qdd @ here.coupling.T)[..., None, :], True
        )
        return (self._torque(here, rates, self._units()) @ here.coupling).transpose(-1, -2)

    def mass_regressor(self, q: Tensor) -> Tensor:
        """Return the mass matrix per inertial parameter, shape [..., dof, dof, bone * 10]."""
        here = frames(self.chain, q[..., None, None, :])
        one = here.coupling.T.unsqueeze(-2)  # a unit acceleration of each coordinate
        rates = self._motion(here, torch.zeros_like(one), one, gravity=False)
        return (self._torque(here, rates, self._units()) @ here.coupling).transpose(-1, -2)

    def kinetic_energy(self, q: Tensor, qd: Tensor) -> Tensor:
        """Return the kinetic energy, J, shape [...]."""
        return 0.5 * (qd * (self.mass_matrix(q) @ qd.unsqueeze(-1)).squeeze(-1)).sum(-1)

    def potential_energy(self, q: Tensor) -> Tensor:
        """Return the energy in the field of gravity, J, shape [...]; zero at the first hinge."""
        here = frames(self.chain, q)
        pull = q.new_tensor(self.chain.gravity_m_s2)
        turn, place = torch.eye(3, dtype=q.dtype, device=q.device), torch.zeros_like(pull)
        energy = q.new_zeros(())
        for i, bone in enumerate(self.chain.carried()):
            place = place + turn @ here.offset[i]
            turn = turn @ here.rotation[i]
            if bone is not None:
                mass, moment = self.inertia[..., bone, 0], self.inertia[..., bone, 1:4]
                raised = mass[..., None] * place + (turn @ moment.unsqueeze(-1)).squeeze(-1)
                energy = energy - (raised * pull).sum(-1)
        return energy

    def _units(self) -> Tensor:
        """Return bones of which one has one parameter of 1, shape [bone * 10, bone, 10]."""
        bones = len(self.chain.bones)
        one = torch.eye(bones * len(INERTIAL), dtype=self.inertia.dtype, device=self.inertia.device)
        return torch.unflatten(one, -1, (bones, len(INERTIAL)))

    def _motion(self, here: Frames, qd: Tensor, qdd: Tensor, gravity: bool) -> list[_Rates]:
        """Return the motion of every hinge, from the trunk outwards."""
        still = torch.zeros_like(here.axis[0])
        up = -qd.new_tensor(self.chain.gravity_m_s2) if gravity else still
        rates, now = [], _Rates(still, still, up)
        for i in range(len(self.chain.hinges)):
            now = _outwards(now, here, i, qd[..., i, None], qdd[..., i, None])
            rates.append(now)
        return rates

    def _torque(self, here: Frames, rates: list[_Rates], inertia: Tensor) -> Tensor:
        """Return the torque of every hinge, from the tip inwards, shape [..., hinge]."""
        torques: list[Tensor] = []
        force = moment = rates[0].linear.new_zeros(3)
        carried = self.chain.carried()
        for i in reversed(range(len(carried))):
            bone = carried[i]
            if bone is not None:
                own_force, own_moment = _newton_euler(rates[i], inertia[..., bone, :])
                force, moment = force + own_force, moment + own_moment
            torques.append((moment * here.axis[i]).sum(-1))
            force, moment = _inwards(here, i, force, moment)
        return torch.stack(torch.broadcast_tensors(*reversed(torques)), -1)  # type: ignore[no-untyped-call]


def _outwards(before: _Rates, here: Frames, i: int, qd: Tensor, qdd: Tensor) -> _Rates:
    """Return the motion of hinge `i`, given that of the hinge before it."""
    rotation, offset, axis = here.rotation[i], here.offset[i], here.axis[i]
    spin = axis * qd
    linear = before.linear + _cross(before.turning, offset)
    linear = linear + _cross(before.velocity, _cross(before.velocity, offset))
    carried = _into(rotation, before.velocity)
    turning = _into(rotation, before.turning) + axis * qdd + _cross(carried, spin)
    return _Rates(carried + spin, turning, _into(rotation, linear))


def _inwards(here: Frames, i: int, force: Tensor, moment: Tensor) -> tuple[Tensor, Tensor]:
    """Return force and moment on the hinge before hinge `i`, in the axes of that hinge."""
    force, moment = _out_of(here.rotation[i], force), _out_of(here.rotation[i], moment)
    return force, moment + _cross(here.offset[i], force)


def _newton_euler(rates: _Rates, inertia: Tensor) -> tuple[Tensor, Tensor]:
    """Return force and moment about the origin that move a bone as `rates` says."""
    mass, first, rotational = inertia[..., :1], inertia[..., 1:4], symmetric(inertia[..., 4:])
    velocity, turning, linear = rates
    force = mass * linear + _cross(turning, first) + _cross(velocity, _cross(velocity, first))
    spin = (rotational @ velocity.unsqueeze(-1)).squeeze(-1)
    moment = (rotational @ turning.unsqueeze(-1)).squeeze(-1) + _cross(velocity, spin)
    return force, moment + _cross(first, linear)


def _cross(a: Tensor, b: Tensor) -> Tensor:
    """Return the cross product over the last dimension."""
    a, b = torch.broadcast_tensors(a, b)  # type: ignore[no-untyped-call]
    return cast(Tensor, torch.linalg.cross(a, b))


def _into(rotation: Tensor, vector: Tensor) -> Tensor:
    """Return a vector in the axes that `rotation` [..., 3, 3] leads to."""
    return (vector.unsqueeze(-2) @ rotation).squeeze(-2)


def _out_of(rotation: Tensor, vector: Tensor) -> Tensor:
    """Return a vector in the axes that `rotation` [..., 3, 3] comes from."""
    return (rotation @ vector.unsqueeze(-1)).squeeze(-1)
