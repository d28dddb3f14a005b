"""What the study found, as figures and as tables for the terminal and for the docs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from rich.table import Table

from daemon.terminal.table import table

Result = dict[str, Any]

GOAL = 0.15
"""RMSE over the moment's RMS that a person should be below."""
DELAY_GOAL_S = 0.01
"""How near the truth the electromechanical delay should be found, s."""
WINDOWS = ("before", "after", "last")
TITLES = {
    "before": "0 to 5 s",
    "after": "20 to 25 s",
    "last": "last 10 s",
    "known": "20 to 25 s, person known",
}
"""How a window is called in a table."""
NONE = "-"


def worst(result: Result, window: str) -> float:
    """Return the error of the joint that is worst; not a number where one is unknown."""
    return max(_errors(result, window), key=lambda error: (np.isnan(error), error))


def mean(result: Result, window: str) -> float:
    """Return the mean error over the joints; not a number where one is unknown."""
    return float(np.mean(_errors(result, window)))


def _errors(result: Result, window: str) -> list[float]:
    return [np.nan if error is None else error for error in result[window].values()]


def summary(found: Sequence[Result]) -> Result:
    """Return how many people are below the goal, the medians and the worst, per window.

    Returns
    -------
    dict
        For each window ``below_by_worst`` and ``below_by_mean`` (people below the goal with their
        worst joint, and in the mean over joints), ``median`` and ``worst`` of both, and per joint;
        ``wall_s`` and ``record_wall_s``, in the median; ``learnt`` (people with an accepted set
        that had learnt enough) and ``learnt_s``, its median time; ``at_bound``, the median;
        ``delay``, see `_delays`.
    """
    windows = [*WINDOWS, *(("known",) if all("known" in one for one in found) else ())]
    learnt = [one["learnt_s"] for one in found if one["learnt_s"] is not None]
    return {
        "people": len(found),
        "goal": GOAL,
        **{window: _of_window(found, window) for window in windows},
        "learnt": len(learnt),
        "learnt_s": float(np.median(learnt)) if learnt else None,
        "at_bound": float(np.median([one["at_bound"] for one in found])),
        "delay": _delays(found),
        "record_wall_s": float(np.median([one["record_wall_s"] for one in found])),
        "wall_s": float(np.median([one["wall_s"] for one in found])),
    }


def _delays(found: Sequence[Result]) -> Result:
    """Return by how much the delays are off, s, and how many are near the truth.

    Near is within `DELAY_GOAL_S`, and within two standard deviations.
    """
    off = np.array([one["delay_s"] - one["drawn"]["delay_s"] for one in found])
    deviation = np.array([one["delay_deviation_s"] or np.inf for one in found])
    return {
        "mean_s": float(off.mean()),
        "worst_s": float(np.abs(off).max()),
        "within_goal": int(np.sum(np.abs(off) <= DELAY_GOAL_S)),
        "within_interval": int(np.sum(np.abs(off) <= 2.0 * deviation)),
    }


def delay_sentence(total: Result) -> str:
    """Return what there is to say of the delays that were found."""
    one, people = total["delay"], total["people"]
    mean_ms, worst_ms, goal_ms = (1e3 * s for s in (one["mean_s"], one["worst_s"], DELAY_GOAL_S))
    return (
        f"Delay: off by {mean_ms:+.1f} ms in the mean, {worst_ms:.1f} ms at worst; within "
        f"{goal_ms:.0f} ms for {one['within_goal']} of {people}, within two standard deviations "
        f"for {one['within_interval']}."
    )


def _of_window(found: Sequence[Result], window: str) -> Result:
    by_worst = np.array([worst(one, window) for one in found])
    by_mean = np.array([mean(one, window) for one in found])
    dofs = {dof: _spread([_number(one[window][dof]) for one in found]) for dof in found[0][window]}
    return {
        "below_by_worst": int(np.sum(by_worst < GOAL)),
        "below_by_mean": int(np.sum(by_mean < GOAL)),
        "of_worst": _spread(by_worst),
        "of_mean": _spread(by_mean),
        "dofs": dofs,
    }


def _spread(values: Iterable[float]) -> dict[str, float]:
    known = np.array(list(values))
    return {"median": float(np.median(known)), "worst": float(np.max(known))}


def _number(error: float | None) -> float:
    return np.nan if error is None else error


Cells = tuple[list[str], list[list[str]]]
"""Titles and rows."""


def people_cells(found: Sequence[Result]) -> Cells:
    """Return a row for each person: who they are, and the errors in per cent."""
    dofs = list(found[0]["after"])
    titles = ["seed", "strength", "gain", "delay", "found", "before", *dofs, "mean", "worst"]
    titles += ["last: mean", "last: worst", "at bound", "learnt"]
    known_too = "known" in found[0]
    rows = []
    for one in found:
        drawn = one["drawn"]
        row = [str(one["seed"]), f"{drawn['strength']:.2f}", f"{drawn['emg_gain']:.2f}"]
        row += [_ms(drawn["delay_s"]), _ms(one["delay_s"]), _percent(mean(one, "before"))]
        row += [_percent(error) for error in _errors(one, "after")]
        row += [_percent(figure(one, w)) for w in ("after", "last") for figure in (mean, worst)]
        row += [str(one["at_bound"]), NONE if one["learnt_s"] is None else f"{one['learnt_s']:.0f}"]
        rows.append(row + ([_percent(worst(one, "known"))] if known_too else []))
    return titles + (["known"] if known_too else []), rows


def summary_cells(total: Result) -> Cells:
    """Return a row for each window: how many are below the goal, medians and worst."""
    goal, people = f"{100 * total['goal']:.0f} %", total["people"]
    dofs = list(total["after"]["dofs"])
    titles = ["window", f"worst joint below {goal}", f"mean below {goal}"]
    titles += ["worst joint: median", "worst joint: worst", "mean: median", "mean: worst", *dofs]
    rows = []
    for name, shown in TITLES.items():
        if name not in total:
            continue
        one = total[name]
        row = [shown, f"{one['below_by_worst']} of {people}", f"{one['below_by_mean']} of {people}"]
        row += [_percent(one[of][x]) for of in ("of_worst", "of_mean") for x in ("median", "worst")]
        rows.append(row + [_percent(one["dofs"][dof]["median"]) for dof in dofs])
    return titles, rows


def plain(cells: Cells) -> Table:
    """Return the cells as a table for the terminal."""
    titles, rows = cells
    return table(titles[:1], titles[1:], rows)


def markdown(cells: Cells) -> str:
    """Return the cells as a table for the docs."""
    titles, rows = cells
    lines = [titles, ["---", *["---:"] * (len(titles) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _percent(share: float) -> str:
    return NONE if np.isnan(share) else f"{100 * share:.1f}"


def _ms(seconds: float | None) -> str:
    return NONE if seconds is None else f"{1e3 * seconds:.0f}"
