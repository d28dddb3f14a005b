"""The figure of the identification study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

Result = dict[str, Any]
PAPER = 0.05
"""Mean error of a muscle parameter that the paper reports, %."""
COLOURS = ("#999999", "#d08770", "#5e81ac", "#b48ead", "#2e7d32", "#ebb02d", "#111111")


def draw(found: dict[str, list[Result]], path: Path) -> None:
    """Draw error against time, and the errors of muscles and base coefficients."""
    from matplotlib.figure import Figure

    shown = {name: group for name, group in found.items() if "finer" not in name}
    figure = Figure(figsize=(11.0, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.2, 1.0))
    for colour, (name, group) in zip(COLOURS, shown.items(), strict=False):
        for place, result in enumerate(group):
            seconds, _, errors = np.array(result["history"]).T
            label = name if place == 0 else None
            left.plot(seconds + 0.05, errors, color=colour, lw=0.9, alpha=0.8, label=label)
    left.axhline(PAPER, color="k", ls=":", lw=0.8)
    left.set(
        xscale="log",
        yscale="log",
        ylim=(1e-7, None),
        xlabel="processor time, s",
        ylabel="mean error of the muscles' parameters, %",
        title="Every line is a first guess; dotted: the paper's best",
    )
    left.legend(frameon=False, fontsize=7, loc="lower left")
    _parts(right, shown)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)


def _parts(axis: Any, shown: dict[str, list[Result]]) -> None:
    """Draw the errors of muscles, bones and base coefficients, a dot for each seed."""
    kinds = {"muscle_error": "muscles", "bone_error": "bones", "base_error": "base coefficients"}
    for colour, (name, group) in zip(COLOURS, shown.items(), strict=False):
        for place, key in enumerate(kinds):
            values = [max(result[key], 1e-7) for result in group]
            shift = 0.09 * (list(shown).index(name) - len(shown) / 2)
            axis.plot(np.full(len(values), place + shift), values, ".", color=colour, ms=5)
    axis.set(yscale="log", ylabel="mean error, %", title="Where each method ends")
    axis.set_xticks(range(len(kinds)), list(kinds.values()))
    axis.grid(axis="y", alpha=0.3)
