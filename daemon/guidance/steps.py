"""The steps of a guided recording, in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a step is for."""

    READY = "ready"
    """A pause before what the step names."""
    REST = "rest"
    EFFORT = "effort"
    END = "end"
    """Nothing is left to do, but the last recording may still be repeated."""


@dataclass(frozen=True)
class Step:
    """One step.

    Parameters
    ----------
    kind
        What it is for.
    seconds
        How long it takes, s.
    channel
        Whose contraction is recorded, or comes next; None at rest.
    repeat, repeats
        Which contraction of how many, from 1; 0 at rest.
    """

    kind: Kind
    seconds: float
    channel: str | None = None
    repeat: int = 0
    repeats: int = 0

    @property
    def is_recorded(self) -> bool:
        """Whether levels are taken from it."""
        return self.kind in (Kind.REST, Kind.EFFORT)

    @property
    def sentence(self) -> str:
        """What the person has to do."""
        which = f"{self.channel} ({self.repeat} of {self.repeats})"
        match self.kind:
            case Kind.REST:
                return "Rest: keep still, every muscle slack."
            case Kind.EFFORT:
                return f"Contract {which} as hard as you can, and hold."
            case Kind.READY:
                return f"Relax. Next: {which if self.channel else 'rest, keeping still'}."
            case Kind.END:
                return "All is recorded."


def steps(
    channels: Sequence[str], repeats: int, effort_s: float, rest_s: float, pause_s: float
) -> list[Step]:
    """Return the steps: rest, then each channel's contractions, a pause before each.

    Parameters
    ----------
    channels
        Whose contractions; none for rest alone.
    repeats
        Contractions of each channel.
    effort_s, rest_s, pause_s
        How long a contraction, the rest and a pause take, s.
    """

    def all_steps() -> Iterator[Step]:
        yield Step(Kind.READY, pause_s)
        yield Step(Kind.REST, rest_s)
        for channel in channels:
            for repeat in range(1, repeats + 1):
                yield Step(Kind.READY, pause_s, channel, repeat, repeats)
                yield Step(Kind.EFFORT, effort_s, channel, repeat, repeats)
        yield Step(Kind.END, 0.0)

    return list(all_steps())
