"""Torch code written down once for small arrays, and played in NumPy without an allocation."""

from pipeline.model.tape.recorder import Tape, UntranslatableError

__all__ = ["Tape", "UntranslatableError"]
