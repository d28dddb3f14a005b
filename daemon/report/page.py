"""A session as one page that stands on its own: HTML with its figures inside."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

import numpy as np
from jinja2 import Environment, StrictUndefined
from matplotlib.figure import Figure

from daemon.report.fatigue import FatigueVerdict, Kind, clock, percent
from daemon.report.figures import COLOURS
from daemon.report.material import Health, Material
from pipeline.anatomy.names import plain
from pipeline.metrics import known, rms_of_known
from pipeline.streams.base import SourceState

PNG_DPI = 150
_ORDER = (Kind.FATIGUE, Kind.ELECTRODE, Kind.NOT_IDENTIFIABLE, Kind.STABLE)
"""What asks for attention comes first."""
_CAPTIONS = {
    "strength": "Strength of each muscle relative to the generic one, as calibrated, with its 95 % "
    "interval. A dashed line is the change that the verdict speaks of; a dotted line stands where "
    "somebody marked or commanded something, a coloured one where an MVC was recorded anew.",
    "emg": "Median frequency of the EMG in the seconds in which the muscle was active (dots) "
    "and over ten seconds (line). It falls when a muscle tires and stays when an electrode "
    "changes.",
    "moments": "Predicted joint moments against their reference, at three times of the session.",
    "shares": "Each muscle's share of the moments that the model predicts, at the same times: what "
    "pulls one way above zero, what pulls the other way below, and their sum as a line.",
    "error": "Difference between predicted and reference moments: per second (grey) and over ten "
    "seconds (blue). What goes beyond the axis is the start.",
    "streams": "Rate at which each stream came in. Dots: samples were lost or refused. Grey: the "
    "stream was away.",
}
_OTHERS = "Other parameters over time, with their 95 % intervals."


def page(
    material: Material, verdicts: Sequence[FatigueVerdict], figures: Mapping[str, Figure]
) -> str:
    """Return the report as HTML.

    Parameters
    ----------
    figures
        By name, as `daemon.report.figures.draw` gives them.
    """
    source = resources.files("daemon.report").joinpath("page.html.j2").read_text("utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters.update(
        clock=clock, percent=_signed, colour=lambda kind: COLOURS[kind], plain=plain
    )
    ordered = sorted(verdicts, key=lambda verdict: _ORDER.index(verdict.kind))
    return environment.from_string(source).render(
        material=material,
        verdicts=ordered,
        summary=summary(material, verdicts),
        images={name: _svg(figure) for name, figure in figures.items()},
        captions=_CAPTIONS,
        others=[name for name in figures if name not in _CAPTIONS],
        others_caption=_OTHERS,
        errors={dof: _late(course.rmse) for dof, course in material.errors.items()},
        streams=[_stream(name, health) for name, health in material.streams.items()],
    )


def write_png(figures: Mapping[str, Figure], folder: Path) -> list[Path]:
    """Write the figures as PNG files into a folder, which is made; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, figure in figures.items():
        path = folder / f"{name}.png"
        figure.savefig(path, dpi=PNG_DPI)
        paths.append(path)
    return paths


def summary(material: Material, verdicts: Sequence[FatigueVerdict]) -> list[str]:
    """Return what happened, in a few sentences."""
    tried, taken = sum(material.updates.values()), material.accepted
    sentences = [
        f"The session lasted {clock(material.seconds)} min. The calibrator tried {tried} updates "
        f"and put {taken} of them in force."
    ]
    named = {kind: [plain(v.muscle) for v in verdicts if v.kind is kind] for kind in Kind}
    tired = _listed(named[Kind.FATIGUE]) or "none"
    sentences.append(f"Muscles with the signs of fatigue: {tired}.")
    for kind, words in (
        (Kind.ELECTRODE, "Electrodes to look at"),
        (Kind.NOT_IDENTIFIABLE, "Nothing certain can be said of"),
    ):
        if named[kind]:
            sentences.append(f"{words}: {_listed(named[kind])}.")
    lost = [name for name, health in material.streams.items() if _lost(health)]
    if lost:
        sentences.append(f"Samples were lost or refused in {_listed(lost)}.")
    return sentences


def _listed(names: Sequence[str]) -> str:
    between = "; " if any("," in name for name in names) else ", "
    return " and ".join(part for part in (between.join(names[:-1]), *names[-1:]) if part)


def _signed(share: float) -> str:
    return percent(share, signed=True)


def _late(rmse: np.ndarray) -> str:
    """Return the RMSE over the second half of a session, where the calibrator has settled."""
    late = known(rms_of_known(rmse[len(rmse) // 2 :]))
    return "–" if late is None else f"{late:.2f}"


def _lost(health: Health) -> bool:
    return bool(len(health.t)) and health.gaps[-1] + health.dropped[-1] > 0


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


def _svg(figure: Figure) -> str:
    """Return a figure as the address of an image that holds it."""
    file = io.BytesIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(file.getvalue()).decode()}"
