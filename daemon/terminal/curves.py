"""The curves of a muscle as an option of a command."""

from __future__ import annotations

import click

from pipeline.model.curve_choice import CurveChoice


def curves(text: str) -> CurveChoice:
    """Return a curve set by name, with what is set in it, as `CurveChoice.of` reads it.

    Raises
    ------
    click.BadParameter
        If there is no such set.
    """
    try:
        return CurveChoice.of(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from error
