"""The curves of a session: their names, and where each message's values belong."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.output.message import MetaMessage


@dataclass(frozen=True)
class Series:
    """Names of curves, group after group.

    Parameters
    ----------
    joints, channels, muscles
        Names, as in the meta message.
    """

    joints: tuple[str, ...]
    channels: tuple[str, ...]
    muscles: tuple[str, ...]

    @classmethod
    def of(cls, meta: MetaMessage) -> Series:
        """Return the curves of a session."""
        return cls(meta.dofs, meta.channels, meta.muscles)

    def _groups(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        # Forces last: they are left out where no muscles are published.
        return (
            ("predicted", self.joints),
            ("deviation", self.joints),
            ("reference", self.joints),
            ("error", self.joints),
            ("level", self.channels),
            ("excitation", self.muscles),
            ("force", self.muscles),
        )

    @property
    def names(self) -> list[str]:
        """``GROUP/NAME`` of each curve, in the order of the columns."""
        return [f"{group}/{name}" for group, names in self._groups() for name in names]

    @property
    def without_forces(self) -> int:
        """How many curves there are before the muscles' forces."""
        return len(self.names) - len(self.muscles)

    def columns(self, group: str) -> slice:
        """Return the columns of a group."""
        start = 0
        for name, members in self._groups():
            if name == group:
                return slice(start, start + len(members))
            start += len(members)
        raise KeyError(group)
