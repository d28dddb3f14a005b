"""The seeds of a study as an option of its command."""

from __future__ import annotations

from typing import Any

import click


class Seeds(click.ParamType[range]):
    """Seeds as FIRST:END, the end left out, or one number."""

    name = "FIRST:END"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> range:
        """Return the seeds."""
        if isinstance(value, range):
            return value
        first, colon, end = str(value).partition(":")
        if first.isdigit() and (end.isdigit() or not colon):
            seeds = range(int(first), int(end) if end else int(first) + 1)
            if seeds:
                return seeds
        self.fail(f"'{value}' are no seeds; write 100:110, or one number.", param, ctx)


SEEDS = Seeds()
