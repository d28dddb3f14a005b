"""`hillstream subject run`: a person executed on excitations, lengths and moment arms of others."""

from __future__ import annotations

from pathlib import Path

import click

from daemon.commands.common import Number, examples
from daemon.terminal.console import console_for, json_option, say, write_json
from daemon.terminal.table import table
from pipeline.errors import UserError
from pipeline.model.delay import LONGEST_DELAY_S

_FILE = click.Path(path_type=Path)


@click.command(
    epilog=examples(
        "Example:  hillstream subject import subject.xml -o me.json --tendon rigid",
        "          hillstream subject run me.json --excitations emg.sto --lengths lmt.sto \\",
        "              --moment-arm ankle_angle_r=ma_ankle_angle_r.sto --delay 0.1 -o execution",
    )
)
@click.argument("file", metavar="SUBJECT.json", type=_FILE)
@click.option(
    "--excitations", type=_FILE, required=True, metavar="FILE", help="A column for each muscle."
)
@click.option(
    "--lengths",
    type=_FILE,
    required=True,
    metavar="FILE",
    help="Muscle-tendon lengths, m, a column for each muscle.",
)
@click.option(
    "--moment-arm",
    "moment_arms",
    multiple=True,
    required=True,
    metavar="JOINT=FILE",
    help="Moment arms about a joint, m, a column for each muscle that has one. Repeat it.",
)
@click.option("--muscles", metavar="A,B", help="Only these muscles of the subject.")
@click.option(
    "--config",
    "config_name",
    metavar="CONFIG",
    help="The excitations are EMG channels, which drive the muscles as CONFIG says.",
)
@click.option(
    "--delay",
    "delay_s",
    type=Number(0.0, LONGEST_DELAY_S),
    metavar="S",
    help="Electromechanical delay, s; without it the subject's own, or none.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="FOLDER",
    help="Where the .sto files are written.",
)
@json_option()
def run(
    file: Path,
    excitations: Path,
    lengths: Path,
    moment_arms: tuple[str, ...],
    muscles: str | None,
    config_name: str | None,
    delay_s: float | None,
    output: Path,
    json_file: str | None,
) -> None:
    """Compute a person's muscle forces and joint moments from what is given.

    Files are .sto, .mot, .csv or .tsv; their time is that of the lengths, which must go on in even
    steps. Nothing is fitted or learnt. Written are MuscleForces.sto, Activations.sto,
    NormFibreLengths.sto, Torques.sto and others, so that they can be laid beside what another
    program makes of the same files.
    """
    from daemon.config import load_config
    from daemon.subjects.execution import execute, write_execution
    from daemon.subjects.execution_inputs import read_inputs
    from pipeline.model.subject import load_subject

    person = load_subject(file)
    if muscles is not None:
        wanted = tuple(dict.fromkeys(name.strip() for name in muscles.split(",") if name.strip()))
        if not wanted:
            raise UserError(f"--muscles: '{muscles}' names no muscle; write them as A,B.")
        if strange := [name for name in wanted if name not in person.muscles]:
            raise UserError(
                f"--muscles: '{file}' has no muscle {', '.join(strange)}; it has "
                f"{', '.join(person.muscles)}."
            )
        person = person.with_muscles(wanted)
    drives = load_config(config_name).model.muscles if config_name else None
    inputs = read_inputs(person, excitations, lengths, _by_joint(moment_arms), drives)
    delay = (person.delay_s or 0.0) if delay_s is None else delay_s
    execution = execute(person, inputs, delay)
    files = write_execution(execution, person.muscles, output)
    largest = {joint: float(abs(m).max()) for joint, m in execution.moments.items()}
    rows = [(joint, f"{moment:.1f}") for joint, moment in largest.items()]
    console_for(json_file).print(table(["joint"], ["largest moment, N*m"], rows))
    say(f"Wrote {len(files)} files to {output}; the delay was {delay:g} s.", json_file)
    write_json(json_file, {"files": [str(one) for one in files], "delay_s": delay} | largest)


def _by_joint(given: tuple[str, ...]) -> dict[str, Path]:
    """Return the files of moment arms by joint."""
    files: dict[str, Path] = {}
    for text in given:
        joint, equals, file = text.partition("=")
        if not (joint and equals and file):
            raise UserError(f"--moment-arm: write '{text}' as JOINT=FILE.")
        if joint in files:
            raise UserError(f"--moment-arm: {joint} has two files, '{files[joint]}' and '{file}'.")
        files[joint] = Path(file)
    return files
