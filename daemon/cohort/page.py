"""The summary of a cohort as one HTML page, made of its table of results and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from daemon.cohort.summary import FAR, Outlier, Score, Summary, Value, summary_of
from daemon.report.quantities import QUANTITIES, Quantity, quantity
from daemon.report.style import FAINT, INK, PREDICTED, REFERENCE, WIDTH_IN, styled
from daemon.report.template import image, rendered
from pipeline.anatomy.names import plain

if TYPE_CHECKING:
    import pyarrow
    from matplotlib.axes import Axes

_COLOURS = (PREDICTED, REFERENCE, "#3d7a57", "#8a5a9e", "#b23a32", FAINT)
_MOST_OUTLIERS = 40
_ROW_IN = 0.24
_SCORES = {
    "delay_s": Quantity("Electromechanical delay", "ms", 1e3),
    "heldout_r2": Quantity("R2 on held-out data", ""),
    "heldout_rmse_nm": Quantity("RMSE on held-out data", "N·m"),
}


def page(table: pyarrow.Table, made_of: Mapping[str, Any]) -> str:
    """Return the summary as HTML that needs no other file.

    Parameters
    ----------
    made_of
        What the table was made of, as its metadata say.
    """
    found = summary_of(table)
    outliers = found.outliers()
    return rendered(
        "cohort.html.j2",
        title=made_of["study"]["title"],
        sentences=_sentences(found, made_of, outliers),
        scores=[_score_row(score) for score in found.scores()],
        figures=_figures(found),
        failures=found.failures,
        outliers=[_outlier_row(one) for one in outliers[:_MOST_OUTLIERS]],
        more=max(0, len(outliers) - _MOST_OUTLIERS),
        far=FAR,
        bounds=_bound_rows(found),
        versions=made_of["versions"],
        seed=made_of["study"]["seed"],
        metadata=json.dumps(made_of, indent=1),
    )


def _sentences(
    found: Summary, made_of: Mapping[str, Any], outliers: Sequence[Outlier]
) -> list[str]:
    people, design = len(made_of["people"]), made_of["study"]["study"]
    kind = {
        "plain": "once each",
        "folds": f"in {design['folds']} folds each",
        "bootstrap": f"once and on {design['resamples']} resamples each",
    }[design["type"]]
    failed = len(found.failures)
    far = len({one.value.person for one in outliers})
    return [
        f"{people} people with {len(made_of['setups'])} set-up(s), {kind}: {found.cases} "
        f"calibrations, of which {failed or 'none'} failed.",
        f"{far or 'Nobody'} of them {'has' if far <= 1 else 'have'} a value that stands out.",
    ]


def _score_row(score: Score) -> list[str]:
    low, middle, high = score.rmse_nm
    return [
        *(score.setup, plain(score.joint), score.group, str(score.people)),
        *(f"{score.r2:.3f}", f"{middle:.2f}", f"{low:.2f} to {high:.2f}"),
        f"{score.generic_nm:.2f}",
    ]


def _told(name: str) -> Quantity:
    return _SCORES.get(name) or quantity(name)


def _outlier_row(one: Outlier) -> list[str]:
    value, told = one.value, _told(one.value.quantity)
    unit = f" {told.unit}" if told.unit else ""
    return [
        *(value.person, value.group, value.setup, told.title, plain(value.of)),
        *(f"{told.shown(value.value)}{unit}", f"{told.shown(one.median)}{unit}"),
        f"{one.distance:+.1f}".replace("-", "−"),
    ]


def _bound_rows(found: Summary) -> list[list[str]]:
    """Return how many people have each parameter at a bound, the most frequent first."""
    counts: dict[tuple[str, str, str], list[bool]] = {}
    for value in found.values:
        key = value.setup, _told(value.quantity).title, value.of
        counts.setdefault(key, []).append(value.at_bound)
    stuck = [(key, sum(own), len(own)) for key, own in counts.items() if any(own)]
    stuck.sort(key=lambda one: -one[1] / one[2])
    return [[*key[:2], plain(key[2]), f"{some} of {all_}"] for key, some, all_ in stuck]


def _figures(found: Summary) -> list[tuple[str, str]]:
    """Return a caption and an image of each kind of number in each set-up."""
    kinds = [*_SCORES, *(name for name in QUANTITIES if name not in _SCORES)]
    kinds.sort(key=lambda name: name == "delay_s")
    shown = [(setup, kind) for setup in found.setups for kind in kinds]
    drawn = []
    for setup, kind in shown:
        values = found.of(setup, kind)
        figure = distributions(values, found.groups, _told(kind)) if values else None
        if figure is not None:
            where = f", {setup}" if len(found.setups) > 1 else ""
            drawn.append((f"{_told(kind).title}{where}", image(figure)))
    return drawn


@styled
def distributions(values: Sequence[Value], groups: Sequence[str], told: Quantity) -> Figure | None:
    """Draw everybody's values of one kind, muscle by muscle or joint by joint, by group."""
    names = list(dict.fromkeys(value.of for value in values))
    height = _ROW_IN * len(names) * (0.6 + 0.6 * len(groups)) + 0.7
    figure = Figure((WIDTH_IN, height), layout="constrained")
    axis = figure.subplots()
    for place, group in enumerate(groups):
        _strip(axis, values, names, group, (place, len(groups)), told.factor)
    axis.set_yticks(range(len(names)), [plain(name) for name in names], color=INK)
    axis.set_ylim(len(names) - 0.5, -0.5)
    axis.xaxis.set_major_locator(MaxNLocator(6))
    axis.set_title(f"{told.title}{f', {told.unit}' if told.unit else ''}")
    if len(groups) > 1:
        handles, labels = axis.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper right", ncols=len(groups))
    return figure


def _strip(
    axis: Axes,
    values: Sequence[Value],
    names: Sequence[str],
    group: str,
    place: tuple[int, int],
    factor: float,
) -> None:
    """Draw a group: everybody as a point, the quartiles as a bar, the median across it."""
    colour = _COLOURS[place[0] % len(_COLOURS)]
    shift = 0.7 * ((place[0] + 0.5) / place[1] - 0.5)
    label: str | None = group or "no group"
    for row, name in enumerate(names):
        own = [v.value for v in values if (v.of, v.group) == (name, group)]
        if not own:
            continue
        numbers, y = factor * np.array(own), row + shift
        low, middle, high = np.percentile(numbers, (25, 50, 75))
        axis.plot(numbers, np.full(len(own), y), "o", ms=3, mew=0, alpha=0.4, color=colour)
        axis.plot((low, high), (y, y), lw=2.4, color=colour, label=label)
        axis.plot(middle, y, "|", ms=9, mew=1.8, color=INK)
        label = None
