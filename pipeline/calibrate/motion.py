"""The motion regressor: what a measured motion asks of the muscles where no moment is measured.

The acceleration error of Diff-MSM, in the form that a sliding window can afford: what depends on
the motion alone is worked out once per update.

References
----------
Zhou, Sanderink, Lemming, Fang 2025, Diff-MSM, arXiv 2508.13303 (the loss).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.model.skeleton import Skeleton
from pipeline.shapes import Float

LEAST_INERTIA = 2e-3
"""Added to the mass matrix where torques left over are weighed as accelerations, kg*m^2.

Near a posture in which two axes of the shoulder fall together the mass matrix is all but singular,
and a torque that nobody could measure would be a boundless acceleration.
"""


class MotionRegressor(NamedTuple):
    """What a motion says of any bones: the torque it takes is linear in their parameters.

    The mass matrix, by which torques left over are weighed as accelerations, is held at the bones
    believed: otherwise heavier bones would make an error smaller only by being harder to move.
    """

    torque_per_inertia: Tensor
    """Torque of the motion per inertial parameter, shape [trial, dof, time, bone * 10]."""
    external: Tensor
    """Measured torque that is not the muscles', N*m, shape [trial, dof, time]."""
    mobility: Tensor
    """Inverse mass matrix, 1/(kg*m^2), shape [trial, time, dof, dof]."""

    def residual_torque(
        self, moment: Float[Tensor, "*batch trial dof time"], inertia: Float[Tensor, "bone 10"]
    ) -> Float[Tensor, "*batch trial dof time"]:
        """Return the torque that muscles and external torque leave over, N*m.

        Parameters
        ----------
        moment
            Of the muscles, N*m, shape [..., trial, dof, time]; the result has this shape.
        inertia
            Inertial parameters of the bones, shape [bone, 10].
        """
        return moment + self.external - self.torque_per_inertia @ inertia.flatten()

    def accelerations(
        self, torque: Float[Tensor, "*batch trial dof time"]
    ) -> Float[Tensor, "*batch trial dof time"]:
        """Return what torques do to the limb, rad/s^2, both of shape [..., trial, dof, time]."""
        return torch.einsum("rtij,...rjt->...rit", self.mobility, torque)


@dataclass(frozen=True)
class MotionReference:
    """The skeleton as the calibrator sees it.

    Parameters
    ----------
    skeleton
        The limb, in float64.
    coordinates
        Order of the coordinates in the rows' motion: the model's DOFs first.
    n_dofs
        Number of the model's DOFs. The others move as they are measured or do not.
    """

    skeleton: Skeleton
    coordinates: Sequence[str]
    n_dofs: int

    def regressor(
        self, motion: Float[Tensor, "trial 4 coordinate time"], inertia: Float[Tensor, "bone 10"]
    ) -> MotionRegressor:
        """Return what a motion says of any bones.

        Parameters
        ----------
        motion
            Angle, velocity, acceleration and external torque, shape [trial, 4, coordinate, time].
        inertia
            The bones believed, shape [bone, 10].
        """
        own = self.skeleton.coordinates
        order = [list(self.coordinates).index(name) for name in own]
        dofs = [own.index(name) for name in self.coordinates[: self.n_dofs]]
        q, qd, qdd = motion[:, :3, order].double().permute(1, 0, 3, 2)
        limb = self.skeleton.with_inertia(inertia.double())  # on the device of the motion
        mass = limb.mass_matrix(q)[..., dofs, :][..., dofs]
        least = LEAST_INERTIA * torch.eye(self.n_dofs).to(mass)
        per_inertia = limb.regressor(q, qd, qdd)[..., dofs, :]
        return MotionRegressor(
            torque_per_inertia=per_inertia.transpose(1, 2).contiguous().to(motion),
            external=motion[:, 3, : self.n_dofs],
            mobility=torch.linalg.inv(mass + least).to(motion),
        )
