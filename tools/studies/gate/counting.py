"""What many sessions come to: wrong decisions counted, and how fast people are found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from tools.studies.gate.living import Decision

TIMES_S = (5.0, 10.0, 20.0, 40.0, 45.0, 50.0, 60.0)
"""When the true error of the set in force is looked at, s since the session began; what jumps
in a scene does so at 40."""
LAST_S = 10.0
"""End of a session over which the final error is taken, s."""

Session = Sequence[Decision]


def summary(sessions: Sequence[Session]) -> dict[str, Any]:
    """Return what the sessions come to.

    Returns
    -------
    dict
        ``sessions``; ``updates`` with a candidate; ``results`` {result: count} of these; the
        shares of them ``wrongly_refused``, ``wrongly_accepted`` and ``wrong``, which are both;
        ``better`` and ``worse``, the shares of candidates that were so; and of the true error of
        the set in force, in the mean over the sessions, ``error`` {s: value}, ``error_mean`` over
        all of the session and ``error_last`` over its last 10 s; ``seconds``, the median time of
        an update.
    """
    judged = [one for session in sessions for one in session if one.candidate is not None]
    refused = _share([one.wrongly_refused for one in judged])
    accepted = _share([one.wrongly_accepted for one in judged])
    return {
        "sessions": len(sessions),
        "updates": len(judged),
        "results": dict(Counter(one.result for one in judged).most_common()),
        "better": _share([one.better for one in judged]),
        "worse": _share([one.worse for one in judged]),
        "wrongly_refused": refused,
        "wrongly_accepted": accepted,
        "wrong": refused + accepted,
        "error": {f"{at:g}": _mean([_at(session, at) for session in sessions]) for at in TIMES_S},
        "error_mean": _mean([_over(session, 0.0) for session in sessions]),
        "error_last": _mean([_over(session, session[-1].t - LAST_S) for session in sessions]),
        "seconds": float(np.median([one.seconds for one in judged])) if judged else 0.0,
    }


def table(summaries: dict[str, dict[str, Any]]) -> str:
    """Return the figures as a table for the docs."""
    head = ("people, rule", "updates", "refused wrongly", "accepted wrongly", "wrong")
    rows = [[*head, *(f"{at:g} s" for at in TIMES_S), "mean", f"last {LAST_S:g} s"]]
    rows.append(["---"] * len(rows[0]))
    rows += [[name, *_cells(one)] for name, one in summaries.items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cells(one: dict[str, Any]) -> list[str]:
    shares = [one[name] for name in ("wrongly_refused", "wrongly_accepted", "wrong")]
    errors = [*one["error"].values(), one["error_mean"], one["error_last"]]
    return [
        str(one["updates"]),
        *(f"{share:.1%}" for share in shares),
        *(f"{error:.4f}" for error in errors),
    ]


def _share(told: Sequence[bool]) -> float:
    return float(np.mean(told)) if told else 0.0


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def _at(session: Session, at_s: float) -> float:
    """Return the true error of the set in force at a time."""
    return next((one.before for one in session if one.t > at_s), session[-1].after)


def _over(session: Session, since_s: float) -> float:
    """Return the mean true error of the sets in force from a time on."""
    return _mean([one.after for one in session if one.t > since_s])
