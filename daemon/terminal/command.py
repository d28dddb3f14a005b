"""Commands that tell a person's mistake in a sentence, and end quietly at Ctrl-C."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, cast

import click

from pipeline.errors import UserError

_INTERRUPTED = 130
"""Exit status of a program ended by Ctrl-C: 128 and the signal's number."""


class Refusal(click.ClickException):
    """A mistake the person can mend, told in a sentence."""

    exit_code = 2


@contextmanager
def told_in_a_sentence() -> Iterator[None]:
    """Turn a `UserError` into a `Refusal`."""
    try:
        yield
    except UserError as error:
        raise Refusal(str(error)) from error
    except KeyboardInterrupt:
        raise click.exceptions.Exit(_INTERRUPTED) from None


class Command(click.Command):
    """A command of its own, as those of `tools` are."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with told_in_a_sentence():
            return super().invoke(ctx)


class Places(Mapping[str, click.Command]):
    """Commands by name, each imported when it is asked for.

    Parameters
    ----------
    modules
        Module of each command, which is there a function of the command's name.
    """

    def __init__(self, modules: Mapping[str, str]) -> None:
        self._modules = modules

    def __getitem__(self, name: str) -> click.Command:
        return cast("click.Command", getattr(import_module(self._modules[name]), name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


class Commands(click.Group):
    """Commands in the order of a day's work."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names as they were added, not sorted."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with told_in_a_sentence():
            return super().invoke(ctx)
