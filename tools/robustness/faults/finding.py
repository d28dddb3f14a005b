"""The finding of a fault, seen from a controller's side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tools.robustness.faults.controller import Heard
from tools.robustness.faults.scene import RATE_HZ, Scene

COUNTERS = (
    "missing_samples",
    "nonfinite",
    "out_of_order",
    "refused",
    "replayed",
    "reconnects",
)
BY_CHANCE_S = 2.5 / RATE_HZ
"""A shorter time between usable moments counts as none."""


@dataclass(frozen=True)
class Finding:
    """One row of the table."""

    name: str
    title: str
    lasted_s: float
    usable: float
    """Share of the moment messages, from begin to recovery, with `ok` for all joints."""
    without_s: float
    """Time that passed without a usable moment, s."""
    longest_pause_s: float
    """Longest time between two messages, s."""
    nonfinite: int
    words: tuple[str, ...]
    """Status words in the order in which they appeared."""
    noticed_s: float | None
    """From the fault's begin to the first word of it, s."""
    noticed_by: str
    recovered_s: float | None
    """From the fault's end until all was well, s."""
    missed_ticks: int
    """Rows that were due, that the input allowed, and that were not published."""
    counted: dict[str, int] = field(default_factory=dict)
    """Rise of the streams' counters."""
    note: str = ""
    """What the status said of it."""
    sessions: int = 1
    """Sessions heard."""


def finding(scene: Scene, name: str, title: str, recovered: float | None) -> Finding:
    """Return what the controller has seen since the fault began."""
    began, ended = scene.began, scene.ended
    heard = [m for m in scene.controller.moments if m.at >= began - BY_CHANCE_S]
    until = recovered or heard[-1].at
    during = [m for m in heard if m.at <= until]
    statuses = [s for s in scene.controller.statuses if s.at >= began]
    before = [s for s in scene.controller.statuses if s.at < began][-1]
    noticed, by = _noticed(before, during, statuses, began)
    return Finding(
        name=name,
        title=title,
        lasted_s=ended - began,
        usable=sum(all(m.body["ok"]) for m in during) / max(1, len(during)),
        without_s=_without(during),
        longest_pause_s=max((b.at - a.at for a, b in pairwise(during)), default=0.0),
        nonfinite=scene.controller.nonfinite,
        words=tuple(dict.fromkeys(m.status for m in during)),
        noticed_s=None if noticed is None else max(0.0, noticed - began),
        noticed_by=by,
        recovered_s=None if recovered is None else max(0.0, recovered - ended),
        missed_ticks=missed_ticks([before, *statuses]),
        counted=_risen(before, statuses),
        note=_said(before, [s for s in statuses if s.at <= until + 1.0]),
        sessions=len({m.body["sid"] for m in heard}),
    )


def _noticed(
    before: Heard, moments: Sequence[Heard], statuses: Sequence[Heard], began: float
) -> tuple[float | None, str]:
    """Return when and by what a reader could first know that something is wrong."""
    session = before.body["sid"]
    signs = [
        (m.at, "st" if m.body["sid"] == session else "sid")
        for m in moments
        if m.at >= began and (m.status != "NOMINAL" or m.body["sid"] != session)
    ][:1]
    signs += [(s.at, "note") for s in statuses if s.body["note"] != before.body["note"]][:1]
    signs += [(s.at, "counters") for s in statuses if any(_risen(before, [s]).values())][:1]
    return min(signs, default=(None, ""))


def _without(moments: Sequence[Heard]) -> float:
    """Return the time between usable moments beyond the usual, s."""
    usable = [m.at for m in moments if all(m.body["ok"])]
    edges = [moments[0].at, *usable, moments[-1].at] if moments else []
    return sum(b - a for a, b in pairwise(edges) if b - a > BY_CHANCE_S)


def missed_ticks(statuses: Sequence[Heard]) -> int:
    """Return by how much the ticks that were expected outgrew the published ones."""
    missed = 0
    for a, b in pairwise(statuses):
        if a.body["sid"] == b.body["sid"]:
            missed += _lag(b) - _lag(a)
    return max(0, missed)


def _lag(status: Heard) -> int:
    ticks = status.body["ticks"]
    return int(ticks["expected"]) - int(ticks["published"])


def _risen(before: Heard, statuses: Sequence[Heard]) -> dict[str, int]:
    """Return the rise of each counter, summed over the streams; they start anew with a session."""
    risen = dict.fromkeys(COUNTERS, 0)
    for last in statuses[-1:]:
        if last.body["sid"] == before.body["sid"]:
            for a, b in zip(before.body["streams"], last.body["streams"], strict=True):
                for counter in COUNTERS:
                    risen[counter] += b[counter] - a[counter]
    return risen


def _said(before: Heard, statuses: Sequence[Heard]) -> str:
    """Return the longest new note, which says the most."""
    notes = {s.body["note"] for s in statuses} - {before.body["note"]}
    return max(notes, key=len, default="")
