"""How much of a session's parameters comes from its data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from daemon.report.material import Estimates, Material
from daemon.report.quantities import quantity

FROM_DATA, PARTLY, GENERIC, AT_BOUND = "from data", "partly", "generic", "at a bound"
_WORDS = {"identified": FROM_DATA, "unobserved": GENERIC, "at_bound": AT_BOUND}
"""What an identifiability means here; the others lie between."""
_UNTOLD = frozenset({"", "fixed"})


@dataclass(frozen=True)
class KindQuality:
    """How many muscles' values of one kind of parameter come from where."""

    name: str
    title: str
    from_data: int
    partly: int
    generic: int
    at_bound: int

    @property
    def count(self) -> int:
        """Values of this kind that were free."""
        return self.from_data + self.partly + self.generic + self.at_bound


@dataclass(frozen=True)
class ParameterQuality:
    """What the data say of all parameters."""

    kinds: Sequence[KindQuality]
    generic_muscles: Sequence[str]
    """Muscles of whose parameters the data say nothing: they are still those of the model file."""


def parameter_quality(material: Material) -> ParameterQuality:
    """Return how much of the parameters in force last comes from data."""
    told: dict[str, dict[str, str]] = {
        name: {muscle: word for muscle, one in by_muscle.items() if (word := _newest(one))}
        for name, by_muscle in material.estimates.items()
    }
    kinds = [_kind(name, list(words.values())) for name, words in told.items() if words]
    by_muscle: dict[str, set[str]] = {}
    for words in told.values():
        for muscle, word in words.items():
            by_muscle.setdefault(muscle, set()).add(word)
    generic = [muscle for muscle, words in by_muscle.items() if words == {GENERIC}]
    return ParameterQuality(kinds, generic)


def _newest(one: Estimates) -> str:
    """Return where a value comes from by the newest update that says so; empty where none does."""
    said = [word for word in one.identifiability if word not in _UNTOLD]
    return _WORDS.get(said[-1], PARTLY) if said else ""


def _kind(name: str, words: Sequence[str]) -> KindQuality:
    counts = Counter(words)
    return KindQuality(
        name,
        quantity(name).title,
        *(counts[word] for word in (FROM_DATA, PARTLY, GENERIC, AT_BOUND)),
    )
