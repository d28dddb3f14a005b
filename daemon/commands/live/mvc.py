"""`hillstream mvc`: rest and maximum contractions, guided, and written into the set-up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from daemon.commands.common import Number, config_argument, examples
from daemon.commands.setup.keys import key_options, keys_of
from daemon.terminal.console import json_option, say, write_json
from pipeline.errors import UserError

if TYPE_CHECKING:
    from daemon.commands.live.mvc_recording import Plan
    from daemon.guidance.outcome import Outcome

_INTERRUPTED = 130
_Seconds = Number(min=1, max=600)


@click.command(
    epilog=examples(
        "Example:  hillstream mvc my-lab.toml                    every muscle, three times",
        "          hillstream mvc my-lab.toml --channels SOL,TA  these two again",
        "          hillstream mvc my-lab.toml --yes -o new.toml  by time alone, to another file",
        "Next:     hillstream run my-lab.toml",
    )
)
@config_argument()
@click.option("--channels", metavar="A,B", help="EMG channels; without it all that drive a muscle.")
@click.option(
    "--repeats",
    type=click.IntRange(1, 20),
    default=3,
    show_default=True,
    metavar="N",
    help="Contractions of each channel; the best counts.",
)
@click.option(
    "--seconds",
    type=_Seconds,
    default=4.0,
    show_default=True,
    metavar="S",
    help="How long each contraction takes.",
)
@click.option(
    "--rest-seconds",
    type=_Seconds,
    default=5.0,
    show_default=True,
    metavar="S",
    help="How long the rest is recorded.",
)
@click.option(
    "--pause-seconds",
    type=Number(min=0, max=600),
    default=10.0,
    show_default=True,
    metavar="S",
    help="Pause before each; a muscle that is tired gives less, so longer is better.",
)
@click.option(
    "--baseline",
    "with_baseline",
    is_flag=True,
    help="Also set envelope.baseline to the resting level; without it that key stays.",
)
@click.option(
    "--yes", is_flag=True, help="Ask nothing: go on by time, and take an MVC below half of the old."
)
@click.option("--alone", is_flag=True, help="Leave a daemon that runs CONFIG as it is.")
@click.option(
    "-o",
    "output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the changed set-up to FILE, and leave CONFIG as it is.",
)
@click.option("--overwrite", is_flag=True, help="Write over FILE if it is there.")
@key_options()
@json_option()
@click.pass_context
def mvc(
    context: click.Context,
    config_name: str,
    channels: str | None,
    repeats: int,
    seconds: float,
    rest_seconds: float,
    pause_seconds: float,
    with_baseline: bool,
    yes: bool,
    alone: bool,
    output: Path | None,
    overwrite: bool,
    own_key: Path | None,
    server_key: str | None,
    json_file: str | None,
) -> None:
    """Record rest and maximum contractions, guided, into CONFIG.

    First the person keeps still, then contracts each muscle as hard as possible. A channel's MVC is
    the highest level of its envelope that was held for half a second. In a terminal Enter begins
    the next contraction and r repeats the last; with --yes, or without a terminal, time alone leads
    on. Ctrl-C ends it, and what was recorded is kept.

    Old and new values are shown, with warnings: a channel that is flat, loud at rest, or louder
    while another muscle contracts. Then [envelope.mvc] of CONFIG is set (V; 1 for ready envelopes),
    and scaled_to = "mvc"; comments and all other keys stay. An MVC that falls to less than half of
    the old is asked about.

    Where a daemon runs CONFIG, it records along and adopts the values at once, without a step in
    the moments. Its keys are --key and --server-key, where it asks for any.

    Exit status 1: written, but 'hillstream check' has something to say; 2: nothing was written;
    130: stopped by Ctrl-C, and what there was is written.
    """
    from daemon.commands.live.mvc_recording import Plan, recorded
    from daemon.commands.live.mvc_saving import place_of, refuse_unsound, show, write
    from daemon.control.recorder import running_daemon
    from daemon.guidance.emg import chosen_channels

    plan = Plan(repeats, seconds, rest_seconds, pause_seconds, with_baseline, yes, json_file)
    place = place_of(config_name, output, overwrite=overwrite)
    config, chosen = place.config, chosen_channels(place.config, channels)
    refuse_unsound(config, chosen)
    keys = keys_of(own_key, server_key)
    if config.security.server_key and keys is None and not alone:
        raise UserError(
            f"A daemon that runs {config_name} asks for keys; give --key and --server-key, or "
            "--alone to leave it as it is."
        )
    daemon = None if alone else running_daemon(config, keys)
    if daemon:
        say("A daemon runs this set-up; it records along, and adopts the values.", json_file)
    outcome, why_ended, adopted = recorded(place, chosen, plan, daemon)
    if why_ended:
        say(f"{why_ended} What was recorded until then is kept.", json_file)
    show(outcome, chosen, place.unit, json_file)
    wanted = adopted and _is_wanted(outcome, plan)
    found = write(place, outcome, json_file) if wanted else []
    told = outcome.told(
        written=wanted,
        file=str(place.target),
        complete=not why_ended,
        adopted_by_daemon=outcome.adopted,
        check=found,
        unit=place.unit,
    )
    write_json(json_file, told)
    if not wanted:
        raise UserError("Nothing was written.")
    if why_ended:
        context.exit(_INTERRUPTED)
    if found:
        context.exit(1)


def _is_wanted(outcome: Outcome, plan: Plan) -> bool:
    """Return whether values are to be written; those that a daemon has taken are not in doubt."""
    from daemon.commands.live.mvc_saving import agreed, fall_of

    if not outcome.mvc and outcome.baseline is None:
        return False
    if outcome.adopted or not outcome.fallen:
        return True
    return agreed(fall_of(outcome), yes=plan.yes, json_file=plan.json_file)
