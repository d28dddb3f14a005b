"""A session in a few sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from daemon.report.material import Health, Material
from daemon.report.verdict import FatigueVerdict, Kind
from daemon.report.words import clock
from pipeline.anatomy.names import plain
from pipeline.update import Reason

_WHY: Mapping[str, str] = {
    Reason.NOT_FINITE: "without a finite error",
    Reason.WORSE: "that did worse",
    Reason.NO_BETTER: "that did no better",
    Reason.UNCONFIRMED: "that did worse on the newest data alone",
}

SILENT = (
    "Nothing is said of fatigue: the session has no record of what the muscles gave for a given "
    "EMG, since it is older than that record, ended before the person was found, or had no "
    "reference moments."
)
"""Of a session without statistics of drift."""


def summary(material: Material, verdicts: Sequence[FatigueVerdict]) -> list[str]:
    """Return what happened, in a few sentences."""
    tried, taken = sum(material.updates.values()), material.accepted
    sentences = [
        f"The session lasted {clock(material.seconds)} min. The calibrator tried {tried} updates "
        f"and put {taken} of them in force."
    ]
    if material.refused:
        sentences.append(f"Candidates it refused: {refusals(material.refused)}.")
    sentences += muscles_in_words(verdicts)
    lost = [name for name, health in material.streams.items() if _lost(health)]
    if lost:
        sentences.append(f"Samples were lost or refused in {_listed(lost)}.")
    return sentences


def untold(verdicts: Sequence[FatigueVerdict]) -> str:
    """Return why nothing can be said of any muscle, where that is one reason; else nothing."""
    if not verdicts:
        return SILENT
    reasons = {verdict.sentence for verdict in verdicts}
    kinds = {verdict.kind for verdict in verdicts}
    return reasons.pop() if len(reasons) == 1 and kinds == {Kind.NOT_IDENTIFIABLE} else ""


def refusals(counts: Mapping[str, int]) -> str:
    """Return how many candidates were refused for which reason."""
    return ", ".join(f"{count} {_WHY.get(why, why)}" for why, count in counts.items())


def muscles_in_words(verdicts: Sequence[FatigueVerdict]) -> list[str]:
    """Return which muscles tired, and of which that cannot be said."""
    if not verdicts:
        return [SILENT]
    named = {kind: [plain(v.muscle) for v in verdicts if v.kind is kind] for kind in Kind}
    sentences = [f"Muscles with the signs of fatigue: {_listed(named[Kind.FATIGUE]) or 'none'}."]
    if untold(verdicts):
        return [*sentences, "Nothing certain can be said of any of them."]
    for kind, words in (
        (Kind.ELECTRODE, "Electrodes to look at"),
        (Kind.UNEXPLAINED, "Changed for no reason that its EMG shows"),
        (Kind.NOT_IDENTIFIABLE, "Nothing certain can be said of"),
    ):
        if named[kind]:
            sentences.append(f"{words}: {_listed(named[kind])}.")
    return sentences


def _listed(names: Sequence[str]) -> str:
    between = "; " if any("," in name for name in names) else ", "
    return " and ".join(part for part in (between.join(names[:-1]), *names[-1:]) if part)


def _lost(health: Health) -> bool:
    return bool(len(health.t)) and health.gaps[-1] + health.dropped[-1] > 0
