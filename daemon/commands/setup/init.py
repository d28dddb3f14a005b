"""`hillstream init`: a set-up for a laboratory, from a model and its files or streams."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from daemon.commands.common import examples, parts_options
from daemon.terminal.console import (
    console_for,
    json_option,
    progress_of_stages,
    say,
    write_json,
)
from daemon.terminal.recorded import recorded_table
from pipeline.errors import UserError
from pipeline.files import refuse_existing, written_whole
from pipeline.sentences import did_you_mean

if TYPE_CHECKING:
    from daemon.drafting.draft import Draft
    from daemon.drafting.offer import Offer
    from pipeline.streams.recordings.recording import Recording

_FILE = click.Path(path_type=Path)


@click.command(
    epilog=examples(
        "Example:  hillstream init --model leg.osim --emg emg.sto --angles ik.mot --moments id.sto "
        "-o me.toml",
        "          hillstream init --model leg.osim --joints knee_angle_r,ankle_angle_r -o me.toml",
        "Next:     hillstream calibrate me.toml --seconds 1:10    from the recording",
        "          hillstream streams me.toml                     what is on the network",
    )
)
@click.option(
    "--model",
    "source",
    required=True,
    type=_FILE,
    metavar="FILE",
    help="An OpenSim .osim, a MuJoCo .xml, or a model of hillstream's own (.json).",
)
@click.argument("recordings", metavar="[RECORDING]...", nargs=-1, type=_FILE)
@parts_options()
@click.option("--emg-stream", metavar="NAME", help="LSL name or source_id of the EMG stream.")
@click.option("--angles-stream", metavar="NAME", help="The same of the angles.")
@click.option("--moments-stream", metavar="NAME", help="The same of the moments.")
@click.option(
    "--joints",
    default="",
    metavar="A,B,C",
    help="The model's coordinates to predict; without it all that have an angle and a reference.",
)
@click.option("--side", type=click.Choice(["l", "r"]), help="Take this side's joints only.")
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The set-up to write, such as me.toml.",
)
@click.option("--title", help="What the set-up is, in a few words.")
@click.option("--overwrite", is_flag=True, help="Write over files that are there.")
@click.option("--accept", is_flag=True, help="Take muscles whose path could not be fitted well.")
@click.option("--yes", is_flag=True, help="Never ask; guess.")
@json_option()
def init(
    source: Path,
    recordings: tuple[Path, ...],
    emg: tuple[Path, ...],
    angles: tuple[Path, ...],
    moments: tuple[Path, ...],
    emg_stream: str | None,
    angles_stream: str | None,
    moments_stream: str | None,
    joints: str,
    side: str | None,
    out: Path,
    title: str | None,
    overwrite: bool,
    accept: bool,
    yes: bool,
    json_file: str | None,
) -> None:
    """Draft a set-up from a model and what there is.

    What there is: a recording (files by role, or RECORDING with all streams), or, where none is
    named, the LSL streams on the network now. Muscles are those that cross the joints; electrodes
    are matched to them by name. The set-up remembers the recording. What was decided, guessed and
    left out is printed, and every guess stands in the file as well; in a terminal it asks about
    electrodes whose names say nothing.
    """
    from daemon.drafting.draft import Wishes, beside, draft, joints_of
    from daemon.drafting.sources import coordinates_of, model_for

    if not overwrite:
        refuse_existing(out)
    files = {"files": recordings, "emg": emg, "angles": angles, "moments": moments}
    named = {"emg": emg_stream, "angles": angles_stream, "moments": moments_stream}
    offer, recording = _offer(files, {role: name for role, name in named.items() if name})
    wanted = tuple(filter(None, (name.strip() for name in joints.split(","))))
    known = coordinates_of(source, named=bool(wanted))
    chosen = joints_of(offer, known, wanted, side or "")
    with progress_of_stages("Reading the model") as progress:
        model, model_file, notes = model_for(
            source,
            out.with_suffix(".model.json"),
            chosen,
            recording,
            progress,
            accept=accept,
            overwrite=overwrite,
        )
    wishes = Wishes(
        side=side or "",
        title=title or f"{model.name}: {', '.join(chosen.dofs)}",
        model_file=beside(model_file, out),
        recordings={
            role: [beside(file, out) for file in given] for role, given in files.items() if given
        },
        notes=notes,
    )
    asks = not yes and sys.stdin.isatty() and sys.stderr.isatty()
    found = draft(offer, model, chosen, wishes, _ask if asks else lambda question, known: ())
    _write(out, found.text)
    if recording is not None:
        console_for(json_file).print(recorded_table(recording.contents()))
    _tell(found, out, json_file)
    write_json(
        json_file,
        {
            "config": str(out),
            "model": str(model_file),
            "decided": found.decided,
            "guessed": found.guessed,
            "left_out": found.left_out,
        },
    )


def _offer(
    files: dict[str, tuple[Path, ...]], named: dict[str, str]
) -> tuple[Offer, Recording | None]:
    """Return what the recordings offer, and they themselves; the network where none is given."""
    from daemon.drafting.network import of_network
    from daemon.drafting.offer import of_recording
    from daemon.drafting.sources import recorded

    if not any(files.values()):
        return of_network(named), None
    if named:
        raise UserError(
            "Give either files or --emg-stream, --angles-stream and --moments-stream: a set-up is "
            "drafted from a recording or from the network."
        )
    names = [file.name for given in files.values() for file in given]
    recording = recorded(files)
    return of_recording(recording, " and ".join(names)), recording


def _ask(question: str, known: Sequence[str]) -> Sequence[str]:
    """Ask for muscles in the terminal; an empty answer is none."""
    while True:
        answer = click.prompt(f"{question} [names with commas, empty for none]", "", err=True)
        names = [name.strip() for name in answer.split(",") if name.strip()]
        wrong = [name for name in names if name not in known]
        if not wrong:
            return names
        hint = did_you_mean(wrong[0], known) or f"; it has {', '.join(known)}"
        click.echo(f"The model has no muscle '{wrong[0]}'{hint}.", err=True)


def _write(out: Path, text: str) -> None:
    """Write the set-up once `check` has found it sound."""
    from daemon.assembly.checks import checked_config

    try:
        with written_whole(out, text) as part:
            checked_config(str(part))
    except OSError as error:
        raise UserError(f"'{out}' cannot be written ({error.strerror}); choose another.") from error


def _tell(found: Draft, out: Path, json_file: str | None) -> None:
    """Print what was decided, guessed and left out."""
    for title, sentences in (
        ("Decided", found.decided),
        ("Guessed, to be checked", found.guessed),
        ("Left out", found.left_out),
    ):
        if sentences:
            say("\n  ".join([f"{title}:", *sentences]), json_file)
    say(f"The set-up is {out}; 'hillstream check {out}' shows it.", json_file)
