"""Torch code written down once for small arrays, and played in NumPy without an allocation."""

from pipeline.model.tape.calls import UntranslatableError
from pipeline.model.tape.recorder import Tape

__all__ = ["Tape", "UntranslatableError"]
