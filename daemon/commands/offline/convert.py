"""`hillstream convert`: a recording of any kind that is read, as one that others read."""

from __future__ import annotations

from pathlib import Path

import click

from daemon.commands.common import examples, parts_options, recording_of
from daemon.terminal.console import console_for, json_option, say, write_json
from daemon.terminal.recorded import recorded_table
from pipeline.files import refuse_existing


@click.command(
    epilog=examples(
        "Example:  hillstream convert --emg walk.c3d --angles walk_ik.mot walk.npz",
        "          hillstream convert lab.xdf walk.mat",
        "          hillstream convert walk.mat walk.csv     one file for each stream",
        "Next:     hillstream init --model leg.osim walk.npz -o me.toml",
    )
)
@click.argument("recording", metavar="[RECORDING]", nargs=-1, type=click.Path(path_type=Path))
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path, dir_okay=False))
@parts_options()
@click.option(
    "--config",
    "config_name",
    metavar="CONFIG",
    help="Take names, units and channels that the recording does not say from CONFIG's [streams].",
)
@click.option("--overwrite", is_flag=True, help="Write over files that are there.")
@json_option()
def convert(
    recording: tuple[Path, ...],
    out: Path,
    emg: tuple[Path, ...],
    angles: tuple[Path, ...],
    moments: tuple[Path, ...],
    config_name: str | None,
    overwrite: bool,
    json_file: str | None,
) -> None:
    """Write a recording as another kind of file.

    RECORDING is whatever the other commands take: .npz, .mat, .xdf, .c3d, .sto, .mot, .csv, .tsv, a
    folder, or the files of each role by --emg, --angles and --moments. OUT ends in .npz or .mat,
    which hold all streams, or in .sto, .csv or .tsv, of which one is written for each stream. Time
    stamps, units and gaps stay as they are. What was taken and left out is printed.
    """
    from daemon.assembly.recordings import known_streams
    from daemon.config import load_config
    from pipeline.streams.recordings.load import load_recording
    from pipeline.streams.recordings.writing import write_recording, written_files

    known = known_streams(load_config(config_name)) if config_name else None
    source, *_ = recording_of(recording, None, emg=emg, angles=angles, moments=moments)
    recorded = load_recording(source, known)
    if not overwrite:
        refuse_existing(*written_files(recorded, out))
    files = write_recording(recorded, out)
    console_for(json_file).print(recorded_table(recorded.contents()))
    say(f"Written: {', '.join(map(str, files))}.", json_file)
    write_json(json_file, recorded.contents() | {"files": [str(file) for file in files]})
