"""Two sessions of a person: what has changed between them, and what cannot be told.

Each parameter is compared by its last adopted value. It has changed where the two values lie
further apart than chance takes them: beyond their joint 95 % interval, 1.96 sqrt(sa^2 + sb^2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from math import hypot, isfinite
from typing import Any, NamedTuple

from daemon.report.channels import Level, mvc_at_end, mvc_unit, typical_emg
from daemon.report.material import Estimates, Material
from daemon.report.quantities import INTERVAL, QUANTITIES, quantity
from daemon.report.set_ups import unlike
from daemon.report.words import percent
from daemon.session.recorder import DELAY
from pipeline.anatomy.names import plain
from pipeline.model.identifiability import Identifiability

_UNTOLD: dict[str, str] = {
    Identifiability.UNOBSERVED: "the data said nothing of it",
    Identifiability.AT_BOUND: "it stood at a bound",
    Identifiability.FIXED: "it was fixed",
    Identifiability.KNOWN_WITH_ANOTHER: "it was known together with another parameter only",
}


class Estimate(NamedTuple):
    """A parameter of a muscle at the end of a session."""

    value: float
    deviation: float | None
    """Standard deviation in the parameter's unit; None where it was not computed."""
    identifiability: str
    """Empty where it was not recorded."""


@dataclass(frozen=True)
class Difference:
    """One parameter of one muscle in two sessions; values in SI units."""

    name: str
    muscle: str
    a: Estimate
    b: Estimate
    changed: bool | None
    """None where that cannot be told."""
    obstacle: str
    """Why not; empty where it can."""

    @property
    def share(self) -> float | None:
        """The change as a share of the first value, -0.25 a quarter less; None of a zero."""
        return (self.b.value - self.a.value) / abs(self.a.value) if self.a.value else None

    @property
    def interval(self) -> float | None:
        """Half of the joint 95 % interval, in the parameter's unit; None where it is not known."""
        if self.a.deviation is None or self.b.deviation is None:
            return None
        return INTERVAL * hypot(self.a.deviation, self.b.deviation)

    @property
    def title(self) -> str:
        """What it is the value of, in words."""
        title = quantity(self.name).title
        return title if self.name == DELAY else f"{title} of {plain(self.muscle)}"

    @property
    def sentence(self) -> str:
        """What became of it."""
        told, before, after = quantity(self.name), self.a.value, self.b.value
        way = "rose" if after > before else "fell" if after < before else "stayed"
        by = f" by {percent(abs(self.share))}" if self.share else ""
        room = "" if self.interval is None else f"±{told.shown(self.interval)}"
        side = "" if self.changed is None else f", {'beyond' if self.changed else 'within'} {room}"
        unit = f" {told.unit}" if told.unit else ""
        ends = f"from {told.shown(before)} to {told.shown(after)}{side}{unit}"
        return f"{self.title} {way}{by} ({ends})."

    def figures(self) -> dict[str, Any]:
        """Return it as plain data."""
        known = {"a": self.a._asdict(), "b": self.b._asdict()}
        more = {"share": self.share, "interval": self.interval, "sentence": self.sentence}
        return {**asdict(self), **known, **more}


@dataclass(frozen=True)
class Side:
    """What one session says as a whole."""

    name: str
    title: str
    seconds: float
    updates: int
    """Tried by the calibrator."""
    accepted: int
    errors: Mapping[str, float | None]
    """RMSE over the second half per joint, N*m."""
    emg: Mapping[str, Level]
    """Per channel what it was like while it was active."""
    mvc: Mapping[str, float]
    """Per channel what its envelope was divided by at the end."""
    mvc_unit: str
    """Unit of that: V, and 1 of ready envelopes."""

    @property
    def accepted_share(self) -> float | None:
        """Share of the updates that were put in force; None where none was tried."""
        return self.accepted / self.updates if self.updates else None


@dataclass(frozen=True)
class Comparison:
    """Two sessions beside each other."""

    a: Side
    b: Side
    differences: Sequence[Difference]
    """Of every parameter that both have, those that changed most first."""
    obstacles: Sequence[str]
    """What cannot be compared, in sentences."""

    @property
    def changed(self) -> list[Difference]:
        """What changed beyond its interval, the largest change first."""
        return [one for one in self.differences if one.changed]

    @property
    def summary(self) -> list[str]:
        """What came out, in a few sentences."""
        told = [one for one in self.differences if one.changed is not None]
        count = len(self.changed)
        if not told:
            return ["No parameter is known well enough in both sessions to be compared."]
        chance = 0.05 * len(told)
        return [
            f"{count} of {len(told)} parameters that can be compared changed beyond their joint "
            f"95 % interval; about {chance:.0f} would by chance alone.",
            *(f"Most of all: {one.sentence}" for one in self.changed[:1]),
        ]

    def figures(self) -> dict[str, Any]:
        """Return it as plain data."""
        sides = {key: _plain(side) for key, side in (("a", self.a), ("b", self.b))}
        return {
            **sides,
            "summary": self.summary,
            "changed": [one.sentence for one in self.changed],
            "differences": [one.figures() for one in self.differences],
            "obstacles": list(self.obstacles),
        }


def compare(a: Material, b: Material) -> Comparison:
    """Compare two sessions, the earlier first."""
    found = sorted(_differences(a, b), key=_place)
    return Comparison(_side(a), _side(b), found, list(chain(unlike(a, b), _untold(found))))


def _place(one: Difference) -> tuple[bool, bool, float]:
    """Return what differences are sorted by: changed, then not, then those that nobody can tell."""
    return not one.changed, one.changed is None, -abs(one.share or 0.0)


def _differences(a: Material, b: Material) -> Iterator[Difference]:
    names = [*QUANTITIES, *sorted(a.estimates.keys() - QUANTITIES.keys())]
    for name in names:
        before, after = a.estimates.get(name, {}), b.estimates.get(name, {})
        for muscle, estimates in before.items():
            if muscle in after:
                yield _difference(name, muscle, _last(estimates), _last(after[muscle]))


def _last(one: Estimates) -> Estimate:
    deviation = float(one.deviation[-1])
    known = deviation if isfinite(deviation) else None
    return Estimate(float(one.value[-1]), known, one.identifiability[-1])


def _difference(name: str, muscle: str, a: Estimate, b: Estimate) -> Difference:
    obstacle = _obstacle(a, b)
    found = Difference(name, muscle, a, b, None, obstacle)
    if obstacle or found.interval is None:
        return found
    return Difference(name, muscle, a, b, abs(b.value - a.value) > found.interval, "")


def _obstacle(a: Estimate, b: Estimate) -> str:
    """Return why two estimates cannot be compared; empty where they can."""
    for one, which in ((a, "first"), (b, "second")):
        if one.identifiability in _UNTOLD:
            return f"{_UNTOLD[one.identifiability]} in the {which} session"
        if not one.deviation:
            return f"how well it was known was not worked out in the {which} session"
    return ""


def _side(material: Material) -> Side:
    return Side(
        name=material.name,
        title=material.title,
        seconds=material.seconds,
        updates=sum(material.updates.values()),
        accepted=material.accepted,
        errors={dof: course.late for dof, course in material.errors.items()},
        emg={channel: typical_emg(course) for channel, course in material.emg.items()},
        mvc=mvc_at_end(material),
        mvc_unit=mvc_unit(material),
    )


def _untold(differences: Sequence[Difference]) -> Iterator[str]:
    """Tell of each parameter and reason which muscles cannot be compared."""
    groups: dict[tuple[str, str], list[str]] = {}
    for one in differences:
        if one.obstacle:
            groups.setdefault((one.name, one.obstacle), []).append(plain(one.muscle))
    for (name, obstacle), muscles in groups.items():
        whose = "" if name == DELAY else f" of {'; '.join(muscles)}"
        yield f"{quantity(name).title}{whose}: {obstacle}."


def _plain(side: Side) -> dict[str, Any]:
    emg = {channel: level._asdict() for channel, level in side.emg.items()}
    return {**asdict(side), "emg": emg, "accepted_share": side.accepted_share}
