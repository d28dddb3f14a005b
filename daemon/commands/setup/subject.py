"""`hillstream subject`: persons from other tools and back into them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from daemon.commands.common import Number, examples
from daemon.commands.setup.subject_run import run
from daemon.terminal.console import Command, say
from pipeline.errors import UserError
from pipeline.files import refuse_existing
from pipeline.sentences import listed

if TYPE_CHECKING:
    from daemon.config import Config
    from pipeline.model.subject import Subject

_Lists = dict[str, list[str]]


def _writable(context: click.Context, option: click.Parameter, value: Path) -> Path:
    if value.is_dir() or not value.absolute().parent.is_dir():
        raise UserError(f"-o: '{value}' cannot be written; give a file in a folder that exists.")
    if not context.meta["overwrite"]:
        refuse_existing(value)
    return value


def _output_option(metavar: str) -> Callable[[Command], Command]:
    """Return the options -o and --overwrite; the command is given `output` only."""

    def add(command: Command) -> Command:
        for option in (
            click.option(
                "--overwrite",
                is_flag=True,
                is_eager=True,  # known when -o is looked at
                expose_value=False,
                help="Write over the file of -o.",
                callback=lambda context, option, value: context.meta.update(overwrite=value),
            ),
            click.option(
                "-o",
                "--output",
                type=click.Path(path_type=Path),
                callback=_writable,
                required=True,
                metavar=metavar,
                help="File to write.",
            ),
        ):
            command = option(command)
        return command

    return add


@click.group(
    epilog=examples(
        "Example:  hillstream subject import subject.xml -o me.json --config walking",
        'Next:     set subject = "me.json" under [model] in the configuration and run it',
    )
)
def subject() -> None:
    """Bring muscles in from CEINMS or OpenSim, and take them back.

    Read are subjects of CEINMS and CEINMS-RT and the muscles of OpenSim models; written are
    subjects of CEINMS and CEINMS-RT.
    """


@subject.command(
    "import",
    epilog=examples("Example:  hillstream subject import subject.xml -o me.json --config walking"),
)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@_output_option("OUT.json")
@click.option("--config", "config_name", metavar="CONFIG", help="Set-up that it is meant for.")
@click.option(
    "--tendon",
    type=click.Choice(["elastic", "rigid"]),
    help="Kind of all tendons, which a CEINMS subject does not say; without it elastic, or as an "
    "OpenSim model has each.",
)
@click.option(
    "--time-step",
    "step_s",
    type=Number(min=0, min_open=True, max=0.1),
    default=0.01,
    show_default=True,
    metavar="S",
    help="Time step at which CEINMS ran, to which its C1 and C2 belong, s.",
)
def import_(file: Path, output: Path, config_name: str | None, tendon: Any, step_s: float) -> None:
    """Make a subject of FILE, a CEINMS or CEINMS-RT subject or an OpenSim model.

    Its curves, tendons, activation and damping come with it, so that the same excitations, lengths
    and moment arms give the same forces. With --config the muscles of that set-up's model are
    taken, in their order and within its bounds, so that the result can be named as its
    model.subject.
    """
    from daemon.subjects.importing import import_subject

    person, notes = import_subject(file, _config(config_name), tendon=tendon, step_s=step_s)
    person.save(output)
    for note in notes:
        say(note)
    say(f"Wrote {len(person.muscles)} muscles to {output}.")


@subject.command(
    epilog=examples("Example:  hillstream subject export me.json -o me.xml --config walking")
)
@click.argument("file", metavar="SUBJECT.json", type=click.Path(path_type=Path))
@_output_option("OUT.xml")
@click.option("--config", "config_name", metavar="CONFIG", help="Add its joints and channels.")
@click.option(
    "--format",
    "dialect",
    type=click.Choice(["ceinms-rt", "ceinms"]),
    default="ceinms-rt",
    show_default=True,
    help="Tool to write for.",
)
def export(file: Path, output: Path, config_name: str | None, dialect: str) -> None:
    """Write a subject for CEINMS or CEINMS-RT.

    These tools also want to know which muscles span a joint and which channels drive them; that
    comes from --config.
    """
    from daemon.subjects.ceinms import DIALECTS, write_ceinms
    from pipeline.model.subject import load_subject

    config, person = _config(config_name), load_subject(file)
    joints, channels = (None, None) if config is None else _of(config, person, file)
    write_ceinms(person, output, DIALECTS[dialect], joints, channels)
    if stiff := sum(person.rigid):
        say(
            f"{stiff} of {len(person.muscles)} tendons are rigid, which the file cannot say; run "
            "the tool with stiff tendons."
        )
    if config is None:
        say("Without --config the file says nothing of joints and channels; add them by hand.")
    say(f"Wrote {output}.")


subject.add_command(run)


def _config(name: str | None) -> Config | None:
    from daemon.config import load_config

    return None if name is None else load_config(name)


def _of(config: Config, person: Subject, file: Path) -> tuple[_Lists, _Lists]:
    """Return the set-up's joints and channels, each with the person's muscles."""
    lists = _joints(config), _channels(config)
    named = {muscle for several in lists for muscles in several.values() for muscle in muscles}
    if strange := sorted(named - set(person.muscles)):
        raise UserError(
            f"'{file}' lacks {listed(strange, 8)}, which the set-up has; give the set-up that the "
            "person is of."
        )
    return lists


def _joints(config: Config) -> dict[str, list[str]]:
    """Return for each joint the muscles that span it."""
    from daemon.assembly.model import model_in_use

    muscles = model_in_use(config).muscles
    return {
        dof: [m.name for m in muscles if dof in m.path.coordinates] for dof in config.model.dofs
    }


def _channels(config: Config) -> dict[str, list[str]]:
    """Return for each EMG channel the muscles that it drives."""
    driven = config.model.muscles
    return {
        channel: [muscle for muscle, channels in driven.items() if channel in channels]
        for channel in config.streams.emg.channels
    }
