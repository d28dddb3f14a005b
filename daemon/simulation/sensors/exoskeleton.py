"""The exoskeleton that carries the simulated arm where no joint moment is measured.

Ten muscles hold no shoulder: left to them, the arm falls out of its joints' ranges within a second.
So an exoskeleton leads it along its reaches, and gives the torque that the bones need beyond what
the muscles do. That torque is what an exoskeleton measures; the muscles' own nobody does.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from daemon.config import Config
from pipeline.errors import UserError
from pipeline.model.skeleton import (
    SHAPE,
    Skeleton,
    inertia_of_shape,
    load_skeleton,
    shape_of_inertia,
)

Array = NDArray[np.float64]


class Exoskeleton:
    """Knows the person's true bones.

    Parameters
    ----------
    config
        The set-up; `simulation.bones` says how the bones differ from those of its skeleton.

    Raises
    ------
    UserError
        If there is no stream for its torque, or `simulation.bones` names what there is not.
    """

    def __init__(self, config: Config) -> None:
        external = config.streams.external
        if external is None or config.skeleton is None:
            raise UserError(
                f"The simulated lab of '{config.title}' needs streams.external for the torque of "
                "the exoskeleton that carries the arm; add it as in configs/torque-free-arm.toml."
            )
        generic = Skeleton.of(load_skeleton(config.skeleton.file))
        self._factors = _factors(config.simulation.bones, generic.chain.bone_names)
        shape = shape_of_inertia(generic.inertia) * torch.from_numpy(self._factors)
        self._skeleton = generic.with_inertia(inertia_of_shape(shape))
        own = generic.coordinates
        if missing := [name for name in config.model.dofs if name not in external.channels]:
            raise UserError(
                f"The simulated exoskeleton has no torque at {missing}; add them to "
                "streams.external.channels."
            )
        self._to = [own.index(name) for name in config.streams.angles.channels if name in own]
        self._from = [i for i, name in enumerate(config.streams.angles.channels) if name in own]
        self._at = [own.index(name) for name in external.channels]
        self._still = np.array([config.model.fixed_angles_rad.get(name, 0.0) for name in own])

    def torque(self, q: Array, qd: Array, qdd: Array, moment: Array) -> Array:
        """Return the torque it gives, N*m, shape [time, channel of streams.external].

        Parameters
        ----------
        q, qd, qdd
            Angles, rad, velocities and accelerations, shape [time, channel of streams.angles].
        moment
            What the muscles give, N*m, shape [time, channel of streams.external].
        """
        motion = np.zeros((3, len(q), len(self._still)))
        motion[0] = self._still
        for part, known in zip(motion, (q, qd, qdd), strict=True):
            part[:, self._to] = known[:, self._from]
        needed = self._skeleton.inverse(*torch.from_numpy(motion)).numpy()
        return np.asarray(needed[:, self._at] - moment)

    def truth(self) -> dict[str, object]:
        """Return the true bones: for each the factor on each of its numbers."""
        names = self._skeleton.chain.bone_names
        factors = (dict(zip(SHAPE, row, strict=True)) for row in self._factors.tolist())
        return {"bones": dict(zip(names, factors, strict=True))}


def _factors(given: dict[str, dict[str, float]], names: tuple[str, ...]) -> Array:
    """Return the factor on each number of each bone, shape [bone, 10]."""
    strange = [bone for bone in given if bone not in names]
    strange += [number for numbers in given.values() for number in numbers if number not in SHAPE]
    if strange:
        raise UserError(
            f"simulation.bones names {strange}; bones are {', '.join(names)}, and their numbers "
            f"{', '.join(SHAPE)}."
        )
    return np.array([[given.get(bone, {}).get(number, 1.0) for number in SHAPE] for bone in names])
