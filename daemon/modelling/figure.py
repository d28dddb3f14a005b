"""The figure of a model: lengths and moment arms over each joint's range, beside the source's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from daemon.host.figure import new_figure, write_figure
from daemon.modelling.fit_paths import Limits
from daemon.modelling.samples import Array, one_by_one
from daemon.modelling.source import Source
from pipeline.errors import UserError
from pipeline.geometry import Geometry, ModelFile, Muscle

ANGLES = 61
"""Angles of a curve."""
OTHERS = (-0.7, 0.0, 0.7)
"""Where the other joints are, in half ranges from the middle of theirs."""
_COLOURS = ("tab:blue", "tab:green", "tab:orange")
_PANELS_A_ROW = 6
_MOST_PANELS = 240


@dataclass(frozen=True)
class Curves:
    """Lengths and moment arms of all muscles along one joint, mm: [others, angle, muscle]."""

    degrees: Array
    length: Array
    moment_arm: Array
    source: tuple[Array, Array] | None


def draw_model(
    model: ModelFile,
    path: Path,
    source: Source | None = None,
    told: Callable[[str, float], None] = lambda what, done: None,
) -> None:
    """Draw each muscle over each joint that it crosses.

    Parameters
    ----------
    model
        The model, with the muscles that are wanted.
    path
        The picture, .png, .svg or .pdf.
    source
        The source model, with the model's coordinates and muscles in the same order.
    told
        Is told what is done, and which fraction of it.

    Raises
    ------
    UserError
        If matplotlib is missing, there are too many curves, or the file cannot be written.
    """
    panels = [
        (index, muscle, place)
        for index, muscle in enumerate(model.muscles)
        for place, name in enumerate(model.coordinate_names)
        if name in muscle.path.coordinates
    ]
    if not 0 < len(panels) <= _MOST_PANELS:
        raise UserError(
            f"The muscles cross joints {len(panels)} times, where 1 to {_MOST_PANELS} can be "
            "drawn; choose by --muscle."
        )
    columns = min(len(panels), _PANELS_A_ROW)
    rows = -(-len(panels) // columns)
    figure = new_figure(3.1 * columns, 3.6 * rows + 0.6)
    curves = [_curves(model, place, source, told) for place in range(len(model.coordinate_names))]
    grid = figure.subplots(2 * rows, columns, squeeze=False)
    for number in range(rows * columns):
        row, column = divmod(number, columns)
        pair = grid[2 * row, column], grid[2 * row + 1, column]
        if number < len(panels):
            index, muscle, place = panels[number]
            _panel(pair, model, muscle, index, place, curves[place])
        else:
            for axes in pair:
                axes.set_axis_off()
    figure.suptitle(_title(model, source))
    write_figure(figure, path, dpi=90)


def _title(model: ModelFile, source: Source | None) -> str:
    others = ", ".join(
        f"{colour.removeprefix('tab:')} {share:+.1f}"
        for share, colour in zip(OTHERS, _COLOURS, strict=True)
    )
    beside = f"; black dots: {source.tool}" if source is not None else ""
    return (
        f"{model.name}: muscle-tendon length (above) and moment arm (below), mm, over the range of "
        f"each joint{beside}\nthe other joints from the middle of their ranges, in half ranges: "
        f"{others}"
    )


def _curves(
    model: ModelFile,
    place: int,
    source: Source | None,
    told: Callable[[str, float], None],
) -> Curves:
    """Return the curves along one joint, the others held at each of `OTHERS`."""
    names = model.coordinate_names
    middle = np.array([coordinate.middle_rad for coordinate in model.coordinates])
    half = np.array([coordinate.half_range_rad for coordinate in model.coordinates])
    q = np.repeat([middle + share * half for share in OTHERS], ANGLES, axis=0)
    angles = np.linspace(*model.coordinates[place].range_rad, ANGLES)
    q[:, place] = np.tile(angles, len(OTHERS))
    length, arms = Geometry(model, names, names).evaluate(q)
    shape = (len(OTHERS), ANGLES, -1)
    known = None
    if source is not None:
        label = f"Source along {names[place]}"
        theirs, their_arms = one_by_one(source)(q, lambda done: told(label, done))
        known = 1e3 * theirs.reshape(shape), 1e3 * their_arms[:, place].reshape(shape)
    return Curves(
        np.degrees(angles), 1e3 * length.reshape(shape), 1e3 * arms[:, place].reshape(shape), known
    )


def _panel(
    pair: Sequence[Any], model: ModelFile, muscle: Muscle, index: int, place: int, curves: Curves
) -> None:
    """Draw one muscle over one joint, length above and moment arm below."""
    lines = range(len(OTHERS)) if len(muscle.path.coordinates) > 1 else (OTHERS.index(0.0),)
    for part, axes in enumerate(pair):
        fitted = (curves.length, curves.moment_arm)[part]
        for line in lines:
            if curves.source is not None:
                theirs = curves.source[part][line, :, index]
                axes.plot(curves.degrees, theirs, "k.", markersize=2.5)
            colour = _COLOURS[line]
            axes.plot(curves.degrees, fitted[line, :, index], color=colour, linewidth=1.2)
        axes.tick_params(labelsize=7)
        axes.margins(x=0)
    if (
        curves.moment_arm[list(lines), :, index].min()
        < 0
        < curves.moment_arm[list(lines), :, index].max()
    ):
        pair[1].axhline(0, color="0.7", linewidth=0.8)
    met = Limits().met(muscle.path)
    name = model.coordinate_names[place]
    arm = muscle.path.moment_arm_rms_m.get(name, 0.0)
    pair[0].set_title(
        f"{muscle.name}\n{1e3 * muscle.path.length_rms_m:.2f} mm, {1e3 * arm:.2f} mm RMS",
        fontsize=8,
        color="black" if met else "tab:red",
    )
    pair[1].set_xlabel(f"{name}, deg", fontsize=7)
