"""Every parameter set that has been in force, to go back to."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple, Self

import msgpack
import numpy as np
from numpy.typing import NDArray

from daemon.ipc.messages import CertaintyMap, CombinationMap
from pipeline.model.identifiability import Identifiability
from pipeline.model.subject import CALIBRATED, Subject

CAPACITY = 10_000
"""Sets that are kept beside the first: almost three hours of one a second."""


_KINDS = tuple(Identifiability)


class _KeptCertainty(NamedTuple):
    """How well a set is known, packed: there may be thousands."""

    deviation: NDArray[np.float32]
    """As `CALIBRATED` names them, shape [parameter, muscle]."""
    identifiability: NDArray[np.uint8]
    """Places in `_KINDS`, of the same shape."""
    combinations: bytes
    """What is known together, as msgpack."""

    @classmethod
    def of(cls, certainty: CertaintyMap) -> Self:
        """Return a certainty, packed."""
        kinds = [[_KINDS.index(k) for k in certainty.identifiability[n]] for n in CALIBRATED]
        deviation = [certainty.deviation[name] for name in CALIBRATED]
        combinations: bytes = msgpack.packb([pair.model_dump() for pair in certainty.combinations])
        return cls(
            np.array(deviation, dtype=np.float32), np.array(kinds, dtype=np.uint8), combinations
        )

    def whole(self) -> CertaintyMap:
        """Return the certainty, deviations to seven digits."""
        kinds = [tuple(_KINDS[place] for place in row) for row in self.identifiability.tolist()]
        return CertaintyMap(
            deviation=dict(zip(CALIBRATED, self.deviation.tolist(), strict=True)),
            identifiability=dict(zip(CALIBRATED, kinds, strict=True)),
            combinations=[CombinationMap(**pair) for pair in msgpack.unpackb(self.combinations)],
        )


class _Kept(NamedTuple):
    """A parameter set, packed."""

    muscles: NDArray[np.float64]
    """As `CALIBRATED` names them, shape [parameter, muscle]."""
    bones: NDArray[np.float64]
    """In the order of the first set's."""
    delay_s: float | None
    certainty: _KeptCertainty | None


class Versions:
    """Accepted parameter sets by version; of too many, the oldest but the first go.

    Parameters
    ----------
    start
        Version 0, which always stays.
    capacity
        Most sets kept beside it.
    """

    def __init__(self, start: Subject, capacity: int = CAPACITY) -> None:
        self._start = start
        self._capacity = capacity
        self._later: dict[int, _Kept] = {}
        self.newest = 0
        """Version of the set in force."""

    def add(self, version: int, subject: Subject, certainty: CertaintyMap | None = None) -> None:
        """Keep a set that has come into force, newer than all before, and how well it is known."""
        values = subject.values()
        self._later[version] = _Kept(
            np.array([values[name] for name in CALIBRATED]),
            np.array([subject.bones[label] for label in self._start.bones]),
            subject.delay_s,
            None if certainty is None else _KeptCertainty.of(certainty),
        )
        self.newest = version
        if len(self._later) > self._capacity:
            del self._later[next(iter(self._later))]

    def __contains__(self, version: int) -> bool:
        """Tell whether a version is kept."""
        return version == 0 or version in self._later

    def subject(self, version: int) -> Subject:
        """Return a version's parameters; raises KeyError where it is not kept."""
        if version == 0:
            return self._start
        kept, start = self._later[version], self._start
        bones = dict(zip(start.bones, kept.bones.tolist(), strict=True))
        muscles = dict(zip(CALIBRATED, kept.muscles, strict=True))
        return replace(start.with_values(muscles), bones=bones, delay_s=kept.delay_s)

    def certainty(self, version: int) -> CertaintyMap | None:
        """Return how well a version is known, None where nobody knows; raises as `subject`."""
        kept = None if version == 0 else self._later[version].certainty
        return kept and kept.whole()

    @property
    def known(self) -> str:
        """The versions that are kept, for a sentence: ``0..41``, or ``0 and 312..10311``."""
        if not self._later:
            return "0"
        oldest = next(iter(self._later))
        return f"0..{self.newest}" if oldest == 1 else f"0 and {oldest}..{self.newest}"
