"""`hillstream simulate` and `hillstream play`: streams on the network without a lab."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from daemon.commands.common import (
    config_argument,
    examples,
    parts_options,
    recording_of,
    seconds_option,
    stop_on_signals,
)
from daemon.terminal.console import console_for, duration, say
from daemon.terminal.recorded import recorded_table
from pipeline.errors import UserError
from pipeline.streams.transports import FOR_EVERY_STREAM, Transport

if TYPE_CHECKING:
    from daemon.config import Config

TRANSPORTS = click.Choice(FOR_EVERY_STREAM)


@click.command(
    epilog=examples(
        "Example:  hillstream simulate arm --truth truth.json",
        "          hillstream simulate arm --record arm.npz --seconds 60",
        "Next:     hillstream run arm          in another terminal",
        "          hillstream score arm arm.npz",
    )
)
@config_argument(default="arm", metavar="[CONFIG]")
@seconds_option()
@click.option(
    "--transport",
    type=TRANSPORTS,
    help="How the streams are sent; by default as CONFIG wants each of them.",
)
@click.option(
    "--truth",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the simulated person's true muscle parameters to FILE as JSON.",
)
@click.option(
    "--record",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Stream nothing: write a recording of --seconds to FILE (.npz) at full speed.",
)
def simulate(
    config_name: str,
    seconds: float | None,
    transport: Transport | None,
    truth: Path | None,
    record: Path | None,
) -> None:
    """Put a simulated person's streams on the network.

    EMG, joint angles, and what CONFIG learns from, until Ctrl-C. The person's muscles differ from
    the generic ones in ways that only the section [simulation] of CONFIG knows.
    """
    from daemon.config import load_config

    config = load_config(config_name)
    if record:
        _record(config, config_name, seconds, record, truth)
    else:
        _stream(config, config_name, seconds, transport, truth)


def _record(
    config: Config,
    name: str,
    seconds: float | None,
    file: Path,
    truth: Path | None,
) -> None:
    from daemon.simulation.recording import write_recording

    if seconds is None:
        raise UserError("--record needs a length; add --seconds, such as --seconds 60.")
    write_recording(config, seconds, file, truth_file=truth)
    say(f"{file}: {seconds:g} s of '{config.title}'. Next: hillstream score {name} {file}")


def _stream(
    config: Config,
    name: str,
    seconds: float | None,
    transport: Transport | None,
    truth: Path | None,
) -> None:
    from daemon.simulation.live import run_lab

    say(f"'{config.title}' is on the network; Ctrl-C ends it. Next: hillstream run {name}")
    with stop_on_signals() as stop, Console(stderr=True).status("") as line:
        summary = run_lab(
            config,
            transport=transport,
            seconds=seconds,
            stop=stop,
            on_progress=lambda so_far: line.update(_sent(so_far.seconds, so_far.samples)),
            truth_file=truth,
        )
    say(_sent(summary.seconds, summary.samples))


@click.command(
    epilog=examples(
        "Example:  hillstream play walk36.npz --loop",
        "Next:     hillstream run walking      in another terminal",
    )
)
@click.argument("recording", metavar="[RECORDING]", required=False, type=click.Path(path_type=Path))
@parts_options()
@click.option(
    "--speed", default=1.0, show_default=True, metavar="FACTOR", help="2 plays twice as fast."
)
@seconds_option(help="Stop after this time; without it, at the end of the recording.")
@click.option(
    "--transport",
    type=TRANSPORTS,
    default="lsl",
    show_default=True,
    help="How the streams are sent.",
)
@click.option(
    "--prefix",
    default="hillstream",
    show_default=True,
    help="LSL streams are named PREFIX-emg, PREFIX-angles, PREFIX-moments and so on.",
)
@click.option("--loop", is_flag=True, help="Start again at the end, until Ctrl-C.")
@click.option(
    "--config",
    "config_name",
    metavar="CONFIG",
    help="Take names, units and channels that the recording does not say from CONFIG's [streams], "
    "and the recording from its [recording] where none is named.",
)
def play(
    recording: Path | None,
    emg: tuple[Path, ...],
    angles: tuple[Path, ...],
    moments: tuple[Path, ...],
    speed: float,
    seconds: float | None,
    transport: Transport,
    prefix: str,
    loop: bool,
    config_name: str | None,
) -> None:
    """Put a recording's streams on the network.

    RECORDING is an .npz, .mat or .xdf file, a .sto, .mot, .csv, .tsv or .c3d file, a folder of
    these, or such files with commas between them. `emg=FILE,angles=FILE` says what a file is, and
    `RUN.xdf,emg=NAME` which stream is meant, by its name, source_id or number. The streams are sent
    in real time, with time stamps of now.
    """
    from daemon.assembly.recordings import known_streams
    from daemon.config import load_config
    from daemon.simulation.play import play_recording
    from pipeline.streams.recordings.load import load_recording

    config = load_config(config_name) if config_name else None
    known, remembered = (known_streams(config), config.recording) if config else (None, None)
    given = (recording,) if recording else ()
    source, *_ = recording_of(given, remembered, emg=emg, angles=angles, moments=moments)
    recorded = load_recording(source, known)
    console_for().print(recorded_table(recorded.contents()))
    whole = duration(recorded.duration_s / speed)
    say(f"Playing {', '.join(recorded.streams)} of {source}; Ctrl-C ends it.")
    with stop_on_signals() as stop, Console(stderr=True).status("") as line:
        summary = play_recording(
            recorded,
            transport=transport,
            speed=speed,
            prefix=prefix,
            seconds=seconds,
            loop=loop,
            stop=stop,
            on_progress=lambda played: line.update(f"{duration(played)} of {whole}"),
        )
    say(_sent(summary.seconds, summary.samples))


def _sent(seconds: float, samples: Mapping[str, int]) -> str:
    counts = ", ".join(f"{count} of {key}" for key, count in samples.items())
    return f"{duration(seconds)} min, samples sent: {counts}."
