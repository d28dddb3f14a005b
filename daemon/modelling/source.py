"""The musculoskeletal model that is fitted, whichever program it is made for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from daemon.modelling.samples import Array
from pipeline.errors import UserError
from pipeline.geometry import Muscle, MusclePath
from pipeline.sentences import listed


@dataclass(frozen=True)
class Wanted:
    """What is to be read of a source model.

    Parameters
    ----------
    path
        The file.
    joints
        Coordinates that are moved, by the model's own names.
    muscles
        Muscles by name; None for all there are.
    side
        ``l`` or ``r``, which the names of joints may lack.
    """

    path: Path
    joints: tuple[str, ...]
    muscles: tuple[str, ...] | None = None
    side: str | None = None

    def resolved(self, known: Sequence[str], kind: str = "coordinate") -> tuple[str, ...]:
        """Return the joints by the names that the model has, the side added where it has to be.

        Raises
        ------
        UserError
            If the model has no such joint.
        """
        return tuple(self._resolved(joint, known, kind) for joint in self.joints)

    def _resolved(self, joint: str, known: Sequence[str], kind: str) -> str:
        for name in (joint, f"{joint}_{self.side}"):
            if name in known:
                return name
        raise unknown(kind, joint, self.path, known)


class Source(Protocol):
    """Muscles of a source model as functions of some of its coordinates; a `Posture` too."""

    tool: str
    """The program and its version."""
    title: str
    """What the model calls itself."""
    notes: list[str]
    """Sentences about what was changed to read it."""
    joints: tuple[str, ...]
    """The coordinates that are moved, by the model's own names."""
    known_joints: tuple[str, ...]
    """All coordinates that the model has."""
    muscle_names: tuple[str, ...]
    ranges_rad: tuple[tuple[float, float], ...]
    """The model's own range of each coordinate."""
    slow: bool
    """Whether a posture takes long enough that more processes pay."""

    def __call__(self, q: Array) -> tuple[Array, Array]:
        """Return lengths [muscle] and moment arms [coordinate, muscle] in m at angles `q` rad."""
        ...

    def muscle(self, name: str, path: MusclePath, lengths: Array) -> Muscle:
        """Return a muscle's parameters; `lengths` are its lengths over the ranges, m."""
        ...


def unknown(kind: str, name: str, path: Path, known: Sequence[str]) -> UserError:
    """Return the error that a model has no coordinate or muscle of a name."""
    there = listed(known, 40) or "none"
    return UserError(f"'{path}' has no {kind} called '{name}'; it has {there}.")
