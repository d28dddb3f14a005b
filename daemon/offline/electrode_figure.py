"""The figure of the reduced-electrode study."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from daemon.host.figure import new_figure, write_figure

_WAYS = {"driven": ("EMG-driven", "C1", "s"), "hybrid": ("synergy-hybrid", "C0", "o")}


def draw_electrodes(result: Mapping[str, Any], path: Path) -> None:
    """Draw error, R2 and parameter difference over the number of electrodes.

    Parameters
    ----------
    result
        What `daemon.offline.electrode_study.study` returns.
    path
        The picture, .png, .svg or .pdf.

    Raises
    ------
    UserError
        If matplotlib is missing or the file cannot be written.
    """
    figure = new_figure(10.0, 3.2)
    panels: dict[str, Callable[[Mapping[str, Any]], float]] = {
        "RMSE, N*m": lambda scores: scores["rmse_mean"],
        "R2": lambda scores: scores["r2_mean"],
        "parameter difference": lambda scores: scores["parameter_difference"]["to_all_electrodes"],
    }
    for axes, (title, value) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        for way, (name, colour, mark) in _WAYS.items():
            counts = [one["electrodes"] for one in result["sets"]]
            values = [value(one[way]) for one in result["sets"]]
            axes.plot(counts, values, color=colour, marker=mark, label=name)
        axes.axhline(value(result["all"]), color="0.6", linestyle=":", label="all electrodes")
        axes.set(xlabel="electrodes", ylabel=title)
        axes.invert_xaxis()
    axes.legend(frameon=False)
    figure.suptitle(f"Held-out data, mean over {', '.join(result['joints'])}")
    write_figure(figure, path, dpi=120)
