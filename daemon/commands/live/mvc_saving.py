"""A recording's values shown, asked about where they are odd, and written into the set-up."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from daemon.config import Config
from daemon.config.edit import Value, set_keys
from daemon.guidance.outcome import Outcome, paths_from_elsewhere, shown_rows
from daemon.terminal.console import console_for, say
from daemon.terminal.table import table
from pipeline.errors import UserError
from pipeline.files import refuse_existing


@dataclass(frozen=True)
class Place:
    """The set-up that was read, and the file that gets the values."""

    config: Config
    file: Path
    target: Path
    moved: Mapping[tuple[str, ...], Value]
    """Paths that a copy elsewhere has to say anew."""

    @property
    def unit(self) -> str:
        """Unit of an MVC in the file."""
        return "V" if self.config.envelope.kind == "raw" else "1"


def place_of(config_name: str, output: Path | None, *, overwrite: bool) -> Place:
    """Return where values go; refuses before anything is recorded what could not be written.

    Raises
    ------
    UserError
        If it cannot be.
    """
    from daemon.config import config_path, load_config

    config, file = load_config(config_name), config_path(config_name)
    if output is None:
        if file != Path(config_name):
            raise UserError(
                f"'{config_name}' comes with hillstream and is not changed; give a file of your "
                "own with -o FILE."
            )
        _refuse_unwritable(file)
        return Place(config, file, file, {})
    _refuse_unwritable(output)
    if not overwrite and output.resolve() != file.resolve():
        refuse_existing(output)
    return Place(config, file, output, paths_from_elsewhere(config, file, output))


def _refuse_unwritable(target: Path) -> None:
    folder = target.resolve().parent
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise UserError(
            f"'{target}' cannot be written, as its folder is not there or lets nobody write; give "
            "another file with -o FILE."
        )


def refuse_unsound(config: Config, chosen: list[str]) -> None:
    """Refuse a set-up in which more is wrong than that these channels have no MVC.

    Raises
    ------
    UserError
        If it is so; the message lists every mistake.
    """
    from daemon.assembly.checks import mistakes

    mvc = dict.fromkeys(chosen, 1.0) | dict(config.envelope.mvc)
    section = config.envelope.model_copy(update={"mvc": mvc})
    if found := list(mistakes(config.model_copy(update={"envelope": section}))):
        raise UserError("\n  ".join(["Before an MVC is recorded, this is to be mended:", *found]))


def show(outcome: Outcome, chosen: list[str], unit: str, json_file: str | None) -> None:
    """Show old and new values as a table, and the warnings."""
    titles = (f"old MVC, {unit}", f"new MVC, {unit}", "new / old")
    names = list(dict.fromkeys([*chosen, *outcome.mvc]))
    console_for(json_file).print(table(["channel"], titles, shown_rows(outcome, names)))
    if isinstance(outcome.baseline, dict):
        levels = ", ".join(f"{name} {level:.1%}" for name, level in outcome.baseline.items())
        say(f"Resting level, of MVC: {levels}", json_file)
    for warning in outcome.warnings:
        say(f"Warning: {warning}", json_file)


def agreed(question: str, *, yes: bool, json_file: str | None) -> bool:
    """Return whether values that look wrong are to be taken; nobody to ask means no."""
    if yes:
        return True
    if not sys.stdin.isatty():
        say(f"{question} Nobody is there to ask, so nothing is changed; --yes takes it.", json_file)
        return False
    try:
        return click.confirm(question, default=False, err=True)
    except click.Abort:  # the values are still to be told, and the JSON to be written
        return False


def fall_of(outcome: Outcome) -> str:
    """Return the question about values that fell to less than half."""
    falls = ", ".join(f"{n} {outcome.mvc[n] / outcome.old[n]:.0%}" for n in outcome.fallen)
    return (
        f"The MVC falls to less than half of the old ({falls}): a weak effort or a moved electrode "
        "would be read as a strong muscle from now on. Take it?"
    )


def write(place: Place, outcome: Outcome, json_file: str | None) -> list[str]:
    """Write the values; return what `hillstream check` would still have to say.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    from daemon.assembly.checks import mistakes
    from daemon.config import load_config

    changes = {**place.moved, **outcome.changes(place.config)}
    set_keys(place.file, changes, place.target, check=load_config)
    what = f"MVC of {len(outcome.mvc)} channel{'s' * (len(outcome.mvc) != 1)}"
    resting = " and the resting levels" if outcome.baseline is not None else ""
    say(f"Wrote the {what}{resting} to {place.target}.", json_file)
    if kept := outcome.left_as_they_were(place.config):
        say(
            f"envelope.scaled_to stays '{place.config.envelope.scaled_to}', as {', '.join(kept)} "
            "have no MVC of this person yet.",
            json_file,
        )
    found = list(mistakes(load_config(place.target)))
    for sentence in found:
        say(f"hillstream check: {sentence}", json_file)
    return found
