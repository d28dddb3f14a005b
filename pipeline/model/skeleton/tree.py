"""A serial chain of hinges and bones: the numbers that rigid-body dynamics starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError

Array: TypeAlias = NDArray[np.float64]
Triple: TypeAlias = tuple[float, float, float]

_PARALLEL = 1e-6
"""Least determinant of the hinges by the coordinates that counts as one movement each."""


@dataclass(frozen=True)
class Hinge:
    """One axis of rotation, and where it sits on the hinge before it.

    Parameters
    ----------
    name
        What the hinge is called in messages.
    offset_m
        From the hinge before to this one, in the axes of the one before, m.
    quaternion
        Rotation of this hinge's axes at angle zero in those of the hinge before, (w, x, y, z).
    axis
        Unit vector in the hinge's own axes.
    angle
        The hinge's angle as a weighted sum of coordinates. Most hinges follow one with weight 1;
        a shoulder's last one turns back what its first one has turned.
    bone
        Name of the bone that the hinge carries; None where the next hinge follows at once.
    """

    name: str
    offset_m: Triple
    quaternion: tuple[float, float, float, float]
    axis: Triple
    angle: dict[str, float]
    bone: str | None = None


@dataclass(frozen=True)
class Bone:
    """A rigid segment, in the axes of the hinge that carries it.

    Parameters
    ----------
    name
        Unique in the chain.
    mass_kg
        Above zero.
    centre_of_mass_m
        From the hinge, m.
    inertia_kg_m2
        About the centre of mass: xx, yy, zz, xy, xz, yz.
    """

    name: str
    mass_kg: float
    centre_of_mass_m: Triple
    inertia_kg_m2: tuple[float, float, float, float, float, float]

    def inertia_matrix(self) -> Array:
        """Return the inertia about the centre of mass as a matrix, kg*m^2."""
        xx, yy, zz, xy, xz, yz = self.inertia_kg_m2
        return np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])


@dataclass(frozen=True)
class KinematicTree:
    """A limb.

    Parameters
    ----------
    name, origin, license
        What it is, where its numbers come from, and the licence of the source (SPDX).
    coordinates
        Joint coordinates, in the order of every array of angles and torques; as many as hinges.
    hinges
        From the trunk outwards.
    bones
        The bones that the hinges name, from the trunk outwards.
    gravity_m_s2
        In the axes that the first hinge's rotation is given in.

    Raises
    ------
    UserError
        If the chain is not one, or a bone cannot exist: no mass, or an inertia no body has.
    """

    name: str
    origin: str
    license: str
    coordinates: tuple[str, ...]
    hinges: tuple[Hinge, ...]
    bones: tuple[Bone, ...]
    gravity_m_s2: Triple = (0.0, 0.0, -9.81)

    def __post_init__(self) -> None:
        self._check_names()
        for bone in self.bones:
            _check_bone(self.name, bone)
        if not abs(np.linalg.det(self.coupling())) > _PARALLEL:
            raise UserError(
                f"The hinges of skeleton '{self.name}' do not move independently with the "
                f"coordinates {', '.join(self.coordinates)}."
            )

    @property
    def bone_names(self) -> tuple[str, ...]:
        """Names of the bones, from the trunk outwards."""
        return tuple(bone.name for bone in self.bones)

    def carried(self) -> list[int | None]:
        """Return for each hinge the place of its bone among the bones, or None."""
        place = {name: i for i, name in enumerate(self.bone_names)}
        return [None if hinge.bone is None else place[hinge.bone] for hinge in self.hinges]

    def coupling(self) -> Array:
        """Return the hinges' angles by the coordinates, shape [hinge, coordinate]."""
        return np.array([[h.angle.get(c, 0.0) for c in self.coordinates] for h in self.hinges])

    def _check_names(self) -> None:
        for hinge in self.hinges:
            for name in hinge.angle:
                if name not in self.coordinates:
                    raise UserError(
                        f"Hinge '{hinge.name}' of skeleton '{self.name}' turns with '{name}', "
                        f"which is none of its coordinates {', '.join(self.coordinates)}."
                    )
        if len(self.hinges) != len(self.coordinates):
            raise UserError(
                f"Skeleton '{self.name}' has {len(self.hinges)} hinges for "
                f"{len(self.coordinates)} coordinates; it needs as many."
            )
        carried = tuple(hinge.bone for hinge in self.hinges if hinge.bone is not None)
        if carried != self.bone_names or len(set(carried)) != len(carried):
            raise UserError(
                f"The hinges of skeleton '{self.name}' carry the bones {', '.join(carried)}, but "
                f"it describes {', '.join(self.bone_names)}; each is needed once, in this order."
            )
        if not self.hinges or self.hinges[-1].bone is None:
            raise UserError(f"Skeleton '{self.name}' ends in a hinge that carries no bone.")


def _check_bone(chain: str, bone: Bone) -> None:
    """Refuse a bone that no distribution of mass could be."""
    where = f"Bone '{bone.name}' of skeleton '{chain}'"
    if not (np.isfinite(bone.mass_kg) and bone.mass_kg > 0):
        raise UserError(f"{where} must have a mass above zero, got {bone.mass_kg:g} kg.")
    principal = np.linalg.eigvalsh(bone.inertia_matrix())
    if not (principal[0] > 0 and principal[0] + principal[1] > principal[2]):
        raise UserError(
            f"{where} has the principal moments of inertia {principal.tolist()} kg*m^2; each must "
            "be above zero and less than the sum of the others."
        )
