"""What a measured motion asks of the muscles: the reference where no moment is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.calibrate.identify_loss import Motion, torque_gap
from pipeline.model.skeleton import Skeleton

LEAST_INERTIA = 2e-3
"""Added to the mass matrix where torques left over are weighed as accelerations, kg*m^2.

Near a posture in which two axes of the shoulder fall together the mass matrix is all but singular,
and a torque that nobody could measure would be a boundless acceleration.
"""


class Seen(NamedTuple):
    """A motion, and the mass matrix by which torques left over are weighed as accelerations.

    The mass matrix is held at the bones believed: otherwise heavier bones would make an error
    smaller only by being harder to move.
    """

    motion: Motion
    """Of the model's DOFs; leading dimensions [trial, time]."""
    root: Tensor
    """Cholesky factor of the mass matrix, shape [trial, time, dof, dof]."""

    def gap(self, moment: Tensor, inertia: Tensor) -> Tensor:
        """Return the torque that muscles and external torque leave over, N*m.

        Parameters
        ----------
        moment
            Of the muscles, N*m, shape [..., trial, dof, time]; the result has this shape.
        inertia
            Inertial parameters of the bones, shape [bone, 10].
        """
        return torque_gap(self.motion, inertia, moment).transpose(-1, -2)

    def accelerations(self, torque: Tensor) -> Tensor:
        """Return what torques do to the limb, rad/s^2, both of shape [..., trial, dof, time]."""
        by_time = torque.transpose(-1, -2).unsqueeze(-1)
        solved: Tensor = torch.cholesky_solve(by_time, self.root)
        return solved.squeeze(-1).transpose(-1, -2)


@dataclass(frozen=True)
class Limb:
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

    def seen(self, moving: Tensor, weight: Tensor, inertia: Tensor) -> Seen:
        """Return what a motion says of any bones.

        Parameters
        ----------
        moving
            Angle, velocity, acceleration and external torque, shape [trial, 4, coordinate, time].
        weight
            How much each sample counts, shape [trial, dof, time].
        inertia
            The bones believed, shape [bone, 10].
        """
        own = self.skeleton.coordinates
        order = [list(self.coordinates).index(name) for name in own]
        dofs = [own.index(name) for name in self.coordinates[: self.n_dofs]]
        q, qd, qdd = moving[:, :3, order].double().permute(1, 0, 3, 2)
        mass_by = self.skeleton.mass_regressor(q)[..., dofs, :, :][..., dofs, :]
        mass = (mass_by @ inertia.double().flatten()).to(moving)
        motion = Motion(
            acceleration=qdd[..., dofs].to(moving),
            torque_per_inertia=self.skeleton.regressor(q, qd, qdd)[..., dofs, :].to(moving),
            mass_per_inertia=mass_by.to(moving),
            external=moving[:, 3, : self.n_dofs].transpose(-1, -2),
            load=moving.new_zeros(1),
            weight=weight.transpose(-1, -2),
        )
        least = LEAST_INERTIA * torch.eye(self.n_dofs).to(moving)
        return Seen(motion, torch.linalg.cholesky(mass + least))
