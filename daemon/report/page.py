"""A session as one page that stands on its own: HTML with its figures inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from daemon.report.figures import COLOURS, draw
from daemon.report.material import Errors, Health, Material
from daemon.report.quality.assessment import Quality
from daemon.report.quality.curve import backtest
from daemon.report.summary import summary, untold
from daemon.report.template import image, rendered
from daemon.report.verdict import FatigueVerdict, Kind
from pipeline.streams.base import SourceState

PNG_DPI = 150
_ORDER = (Kind.FATIGUE, Kind.ELECTRODE, Kind.UNEXPLAINED, Kind.NOT_IDENTIFIABLE, Kind.STABLE)
"""What asks for attention comes first."""
_CAPTIONS = {
    "drift": "Force of each muscle for a given EMG, over that once the person was found, with its "
    "95 % interval. Between dashed lines lies the change that the verdict speaks of; a dotted line "
    "stands where somebody marked or commanded something, a coloured one where an MVC was recorded "
    "anew.",
    "emg": "Median frequency of the EMG in the seconds in which the muscle was active (dots) "
    "and over ten seconds (line). It falls when a muscle tires and stays when an electrode "
    "changes.",
    "moments": "Predicted joint moments against their reference, at three times of the session.",
    "shares": "Each muscle's share of the moments that the model predicts, at the same times: what "
    "pulls one way above zero, what pulls the other way below, and their sum as a line.",
    "error": "Difference between predicted and reference moments: per second (grey) and over ten "
    "seconds (blue). What goes beyond the axis is the start.",
    "backtest": "By how much sets that were kept as they were do worse than the one that went on "
    "learning, by their age, on data that neither had seen: over ten seconds each. Below zero "
    "they do better.",
    "streams": "Rate at which each stream came in. Dots: samples were lost or refused. Grey: the "
    "stream was away.",
}
_OTHERS = "Other parameters over time, with their 95 % intervals."


def page(
    material: Material,
    verdicts: Sequence[FatigueVerdict],
    quality: Quality,
    figures: Mapping[str, Figure],
) -> str:
    """Return the report as HTML.

    Parameters
    ----------
    figures
        By name, as `drawn` gives them.
    """
    ordered = sorted(verdicts, key=lambda verdict: _ORDER.index(verdict.kind))
    return rendered(
        "page.html.j2",
        title=material.name,
        colours=COLOURS,
        material=material,
        verdicts=ordered,
        untold=untold(verdicts),
        quality=quality,
        summary=summary(material, verdicts),
        images={name: image(figure) for name, figure in figures.items()},
        captions=_CAPTIONS,
        others=[name for name in figures if name not in _CAPTIONS],
        others_caption=_OTHERS,
        errors={dof: _late(course) for dof, course in material.errors.items()},
        streams=[_stream(name, health) for name, health in material.streams.items()],
    )


def drawn(
    material: Material, verdicts: Sequence[FatigueVerdict], quality: Quality
) -> dict[str, Figure]:
    """Return every figure there is material for, by name."""
    figures, curve = draw(material, verdicts), backtest(quality.records)
    return figures if curve is None else {"backtest": curve, **figures}


def write_png(figures: Mapping[str, Figure], folder: Path) -> list[Path]:
    """Write the figures as PNG files into a folder, which is made; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, figure in figures.items():
        path = folder / f"{name}.png"
        figure.savefig(path, dpi=PNG_DPI)
        paths.append(path)
    return paths


def _late(errors: Errors) -> str:
    late = errors.late
    return "–" if late is None else f"{late:.2f}"


def _stream(name: str, health: Health) -> dict[str, object]:
    """Return a row of the table of streams."""
    live = [state == SourceState.LIVE for state in health.state]
    return {
        "name": name,
        "rate": f"{np.nanmedian(health.rate_hz):.0f}" if len(health.t) else "–",
        "received": f"{health.received[-1]:,.0f}" if len(health.t) else "–",
        "gaps": f"{health.gaps[-1]:.0f}" if len(health.t) else "–",
        "dropped": f"{health.dropped[-1]:.0f}" if len(health.t) else "–",
        "live": f"{np.mean(live):.1%}" if live else "–",
    }
