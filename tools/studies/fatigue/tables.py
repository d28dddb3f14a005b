"""The figures of the study: what share of what there was to find was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

LOSS, ONSET_S, REGAINED = 0.05, 30.0, 0.08
"""How far off a loss, an onset in s and a recovery may be to count as found."""
Found = Sequence[dict[str, Any]]


def summary(found: Found) -> dict[str, list[int]]:
    """Return for each thing that is asked how often it is so, and of how many.

    Parameters
    ----------
    found
        What `living.one` returns of each session.
    """
    tired = [one for session in found for one in session["tired"]]
    back = [one for one in tired if one["true_regained"] > 0]
    rested = [session for session in found if not session["tired"]]
    gains = [(session, name) for session in found for name in session["gains"]]
    true = {(id(s), one["muscle"]) for s in found for one in s["tired"]}
    others = [
        (s, verdict)
        for s in found
        for verdict in s["verdicts"]
        if (id(s), verdict["muscle"]) not in true and verdict["muscle"] not in s["gains"]
    ]
    return {
        "tired muscles called fatigue": _count(
            one["kind"] == "consistent with fatigue" for one in tired
        ),
        f"loss within {100 * LOSS:.0f} points": _count(
            _near(one["loss"], one["true_loss"], LOSS) for one in tired
        ),
        f"onset within {ONSET_S:.0f} s": _count(
            _near(one["onset_s"], one["true_onset_s"], ONSET_S) for one in tired
        ),
        f"recovery within {100 * REGAINED:.0f} points": _count(
            _near(one["regained"], one["true_regained"], REGAINED) for one in back
        ),
        "loss within its interval": _count(
            one["interval"][0] <= one["true_loss"] <= one["interval"][1]
            for one in tired
            if one["loss"] is not None
        ),
        "sessions without fatigue that raise an alarm of it": _count(
            bool(session["fatigue"]) for session in rested
        ),
        "other muscles called fatigue": _count(
            v["muscle"] in s["fatigue"] and not v["together"] for s, v in others
        ),
        "other muscles called an electrode or unexplained": _count(
            v["muscle"] in (*s["electrode"], *s["unexplained"]) for s, v in others
        ),
        "gain changes named": _count(name in session["electrode"] for session, name in gains),
        "muscles known only together": _count(
            bool(v["together"]) for s in found for v in s["verdicts"]
        ),
        "muscles not identifiable": _count(
            v["muscle"] in s["not_identifiable"] for s in found for v in s["verdicts"]
        ),
        "muscles not identifiable, nor any group with them": _count(
            v["muscle"] in s["not_identifiable"] and not v["together"]
            for s in found
            for v in s["verdicts"]
        ),
    }


def _near(value: float | None, truth: float, within: float) -> bool:
    return value is not None and abs(value - truth) <= within


def _count(answers: Any) -> list[int]:
    told = list(answers)
    return [sum(told), len(told)]


def markdown(total: dict[str, list[int]]) -> str:
    """Return the table for the docs."""
    rows = (f"| {what} | {n} of {of} |" for what, (n, of) in total.items() if of)
    return "\n".join(("| asked | found |", "|---|---|", *rows))


def line(session: dict[str, Any]) -> str:
    """Return a session in a line."""
    tired = "; ".join(
        f"{one['muscle']} {_percent(one['loss'])} of {_percent(one['true_loss'])} "
        f"since {one['onset_s'] or 0:.0f} s"
        + (f", regained {_percent(one['regained'])}" if one["true_regained"] else "")
        for one in session["tired"]
    )
    said = "; ".join(
        f"{kind.replace('_', ' ')}: {', '.join(session[kind])}"
        for kind in ("fatigue", "electrode", "unexplained", "not_identifiable")
        if session[kind]
    )
    return f"{session['scene']} {session['seed']}: {tired or 'nobody tires'} | {said or 'stable'}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"
