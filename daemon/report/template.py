"""Fills a report's templates: pages that need no other file."""

from __future__ import annotations

import base64
import io
from importlib import resources

from jinja2 import Environment, FunctionLoader, StrictUndefined
from matplotlib import rc_context
from matplotlib.figure import Figure

from daemon.report.words import clock, percent
from pipeline.anatomy.names import plain


def rendered(template: str, **values: object) -> str:
    """Return a template of this room filled in, as HTML."""
    environment = Environment(
        loader=FunctionLoader(_source), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters.update(clock=clock, percent=_signed, plain=plain)
    return environment.get_template(template).render(**values)


def image(figure: Figure) -> str:
    """Return a figure as the address of an image that holds it, the same each time."""
    file = io.BytesIO()
    with rc_context({"svg.hashsalt": "hillstream"}):  # of which its ids are made
        figure.savefig(file, format="svg", metadata={"Date": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(file.getvalue()).decode()}"


def _source(name: str) -> str:
    return resources.files("daemon.report").joinpath(name).read_text("utf-8")


def _signed(share: float) -> str:
    return percent(share, signed=True)
