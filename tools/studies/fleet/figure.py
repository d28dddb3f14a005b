"""The figure of the fleet: an iteration's time, the answers' delay, and the queue at the limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from daemon.host.figure import new_figure, write_figure
from tools.studies.fleet.scene import Scene, Verdict, simulated
from tools.studies.fleet.service import Service

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"one after the other": "C1", "together": "C0"}
_QUEUE_S = 12.0


def draw(
    service: Service,
    verdicts: Mapping[str, Sequence[Verdict]],
    scene: Scene,
    limit: int,
    machine: str,
    path: Path,
) -> None:
    """Draw it.

    Parameters
    ----------
    service
        What was measured.
    verdicts
        By the way of calibrating, how numbers of exoskeletons are served, rising.
    scene, limit
        The scene whose queue is shown, and how many exoskeletons it serves on time.
    machine
        Where it was measured.
    path
        The picture, .png, .svg or .pdf.

    Raises
    ------
    UserError
        If matplotlib is missing or the file cannot be written.
    """
    figure = new_figure(11.0, 3.6)
    left, middle, right = figure.subplots(1, 3)
    _iteration(left, service)
    _answers(middle, verdicts, scene.stride_s)
    _queue(right, scene, limit)
    figure.suptitle(f"One calibrator on {machine}", fontsize=10)
    write_figure(figure, path, dpi=120)


def _iteration(axes: Axes, service: Service) -> None:
    """Show what an iteration takes of each person as they are calibrated together."""
    axes.plot(service.people, 1e3 * service.iteration_s / service.people, "o-", color="C0")
    axes.set_xscale("log", base=2)
    axes.set_xticks(service.people, [f"{people:g}" for people in service.people])
    axes.set(xlabel="people in a batch", ylabel="an iteration, ms per person")
    axes.set_ylim(bottom=0.0)
    axes.set_title("measured", fontsize=9)


def _answers(axes: Axes, verdicts: Mapping[str, Sequence[Verdict]], stride_s: float) -> None:
    """Show how long updates take to be back, and from where on they are not."""
    for name, found in verdicts.items():
        counts, colour = [one.exoskeletons for one in found], COLOURS[name]
        axes.plot(counts, [one.p50_s for one in found], ".--", color=colour)
        axes.plot(counts, [one.p99_s for one in found], ".-", color=colour, label=f"{name}: p99")
    axes.plot([], [], ".--", color="0.4", label="median")
    axes.axhline(stride_s, color="0.6", linestyle=":", label="the next update is due")
    axes.set(xlabel="exoskeletons on one calibrator", ylabel="update asked for to update there, s")
    axes.set_ylim(0.0, 2.5 * stride_s)
    axes.set_title("simulated: delay", fontsize=9)
    axes.legend(frameon=False, fontsize=8, loc="upper left")


def _queue(axes: Axes, scene: Scene, limit: int) -> None:
    """Show how many wait below, at and above the limit."""
    times = np.arange(0.0, min(_QUEUE_S, scene.seconds), 0.01)
    step, most = max(1, limit // 10), 0
    for count, colour in ((limit + step, "C3"), (limit, "C0"), (max(1, limit - step), "C2")):
        waiting = simulated(count, scene)[0].waiting_at(times)
        most = max(most, int(waiting.max()))
        axes.fill_between(times, waiting, color=colour, label=str(count), step="post")
    axes.set(xlabel="time, s", ylabel="updates that wait", ylim=(0.0, 1.25 * most + 1.0))
    axes.set_title("simulated: the queue about the limit", fontsize=9)
    axes.legend(title="exoskeletons", frameon=False, fontsize=8, title_fontsize=8, ncols=3)
