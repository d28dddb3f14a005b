"""How much of a session's parameters comes from its data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from daemon.report.material import Estimates, Material
from daemon.report.quality.records import Together
from daemon.report.quantities import INTERVAL, Quantity, quantity
from pipeline.model.identifiability import Joining
from pipeline.model.label import Label

FROM_DATA, PARTLY, GENERIC, AT_BOUND = "from data", "partly", "generic", "at a bound"
_WORDS = {"identified": FROM_DATA, "unobserved": GENERIC, "at_bound": AT_BOUND}
"""What an identifiability means here; the others lie between."""
_FORCE = Quantity("Maximum isometric force", "N")
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
class KnownTogether:
    """What is known of two parameters neither of which is known by itself."""

    title: str
    value: float
    """Product, or sum: of lengths, m, or of isometric forces, N."""
    low: float
    high: float
    """Ends of the 95 % interval."""
    shown: str
    """Value, interval and unit as people read them."""


@dataclass(frozen=True)
class ParameterQuality:
    """What the data say of all parameters."""

    kinds: Sequence[KindQuality]
    generic_muscles: Sequence[str]
    """Muscles of whose parameters the data say nothing: they are still those of the model file."""
    together: Sequence[KnownTogether] = ()


def parameter_quality(material: Material, together: Sequence[Together] = ()) -> ParameterQuality:
    """Return how much of the parameters in force last comes from data.

    Parameters
    ----------
    material
        The session.
    together
        What it holds of parameters that are known together only.
    """
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
    return ParameterQuality(kinds, generic, [_known(one) for one in together])


def _known(one: Together) -> KnownTogether:
    first, second = Label.parse(one.first), Label.parse(one.second)
    names = [quantity(label.kind).title for label in (first, second)]
    if one.joining == Joining.PRODUCT:
        title, told = f"{first.owner}: {_joined(names, '×')}", Quantity("", "")
    elif first.owner == second.owner:
        title, told = f"{first.owner}: {_joined(names, '+')}", quantity(first.kind)
    else:
        title, told = f"{first.owner} + {second.owner}: maximum isometric force", _FORCE
    ends = one.value - INTERVAL * one.deviation, one.value + INTERVAL * one.deviation
    shown = "{} ({} to {})".format(*(told.shown(value) for value in (one.value, *ends)))
    return KnownTogether(title, one.value, *ends, f"{shown} {told.unit}".rstrip())


def _joined(names: Sequence[str], sign: str) -> str:
    first, second = names
    return f"{first} {sign} {second[:1].lower()}{second[1:]}"


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
