"""How long a batch of updates takes, from what `hillstream bench scale` has measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError

Array = NDArray[np.float64]
_QUARTILES_APART = 1.349
"""Standard deviations between the quartiles of a normal distribution."""


@dataclass(frozen=True)
class Service:
    """Times of a batch of updates on one processor or one GPU.

    The descent is done for all people of a batch as one tensor; the rest of an update (cutting the
    window, judging, the parameters' confidence) for one after the other.
    """

    people: Array
    """Sizes of batches that were measured, rising."""
    iteration_s: Array
    """Time of an iteration of each."""
    steps: int
    rest_s: float
    """Of an update besides its descent, for each person."""
    spread: float
    """Standard deviation of the logarithm of a batch's time."""

    @property
    def most(self) -> int:
        """The largest batch whose time is known."""
        return int(self.people[-1])

    def mean_s(self, people: int) -> float:
        """Return the usual time of a batch; between measured sizes on the line through them."""
        iteration_s = float(np.interp(people, self.people, self.iteration_s))
        return self.steps * iteration_s + people * self.rest_s

    def drawn_s(self, people: int, random: np.random.Generator) -> float:
        """Return a time of a batch, with its spread."""
        return self.mean_s(people) * float(np.exp(self.spread * random.standard_normal()))

    def faster(self, factor: float) -> Self:
        """Return a service whose descent takes so many times less, and the rest as long."""
        return replace(self, iteration_s=self.iteration_s / factor)

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> Self:
        """Return what a result of `daemon.bench.scale.bench_scale` says."""
        points, update = result["slopes"]["people"]["points"], result["update"]
        quartiles = np.array([point["quartiles_s"] for point in points])
        spreads = np.log(quartiles[:, 1] / quartiles[:, 0]) / _QUARTILES_APART
        return cls(
            people=np.array([point["x"] for point in points], dtype=np.float64),
            iteration_s=np.array([point["seconds"] for point in points], dtype=np.float64),
            steps=int(update["steps"]),
            rest_s=max(0.0, float(update["seconds"]["fixed"])),
            spread=float(np.median(spreads)),
        )


def measured(file: Path) -> tuple[Service, dict[str, Any]]:
    """Return the service that a file describes, and the file's content.

    Raises
    ------
    UserError
        If it is not what ``hillstream bench scale --json`` writes.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return Service.of(content), content
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise UserError(
            f"'{file}' is not what 'hillstream bench scale --json {file}' writes ({error!r}); "
            "run that first."
        ) from error
