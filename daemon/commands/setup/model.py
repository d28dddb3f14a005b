"""`hillstream model`: model files from OpenSim and MuJoCo, drawn and examined."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from daemon.commands.common import Number, examples
from daemon.terminal.console import json_option, progress_of_stages, say, write_json
from pipeline.errors import UserError
from pipeline.files import refuse_existing

if TYPE_CHECKING:
    from daemon.modelling.samples import Array
    from pipeline.geometry import Coordinate

_COUNT = click.IntRange(min=1)
_POSITIVE = Number(min=0, min_open=True)
_FILE = click.Path(path_type=Path)


@click.group(
    epilog=examples(
        "Example:  hillstream model fit leg.osim -o leg.json --side l \\",
        "              --joints hip_flexion,knee_angle,ankle_angle --recording walk.mot",
        "Next:     hillstream model check leg.json    what is odd about its muscles",
        "          hillstream model show leg.json -o leg.png --source leg.osim",
        '          set file = "leg.json" under [model] in the configuration',
    )
)
def model() -> None:
    """Make model files from OpenSim and MuJoCo; examine them."""


def _checked_output(output: Path, overwrite: bool) -> None:
    """Refuse before minutes of work what could not be written after them."""
    if output.is_dir() or not output.absolute().parent.is_dir():
        raise UserError(f"-o: '{output}' cannot be written; give a file in a folder that exists.")
    if not overwrite:
        refuse_existing(output)


_output = click.option(
    "-o", "--output", type=_FILE, required=True, metavar="FILE", help="File to write."
)
_overwrite = click.option("--overwrite", is_flag=True, help="Write over the file of -o.")


@model.command(
    epilog=examples(
        "Example:  hillstream model fit arm26.osim -o arm.json --joints r_elbow_flex \\",
        "              --range r_elbow_flex=0:120deg",
        "Next:     hillstream model check arm.json",
    )
)
@click.argument("source", metavar="SOURCE", type=_FILE)
@_output
@click.option("--joints", required=True, metavar="A,B,C", help="Coordinates by the model's names.")
@click.option(
    "--side",
    type=click.Choice(["l", "r"]),
    help="Add _l or _r to the joints' names, and leave out the other side's muscles.",
)
@click.option(
    "--muscles",
    default="all",
    show_default=True,
    metavar="A,B,C",
    help="Muscles by name, in the file's order; all are those that cross the joints.",
)
@click.option("--without", metavar="A,B,C", help="Muscles to leave out.")
@click.option(
    "--range",
    "ranges",
    multiple=True,
    metavar="NAME=LOW:HIGHdeg",
    help="Range of a joint, in deg or rad; without it, the model's own.",
)
@click.option(
    "--recording",
    metavar="FILE",
    help="Narrow the ranges to the angles of a recording, and a margin.",
)
@click.option("--name", help="What the model is called; without it, as SOURCE says.")
@click.option("--origin", help="Where SOURCE comes from, one sentence.")
@click.option("--license", "license_", help="Licence of SOURCE, as an SPDX name.")
@click.option("--samples", type=_COUNT, help="Postures to fit; without it, 1000 for each joint.")
@click.option("--length-limit-mm", default=1.0, show_default=True, type=_POSITIVE, help="RMS.")
@click.option("--moment-arm-limit-mm", default=1.5, show_default=True, type=_POSITIVE, help="RMS.")
@click.option(
    "--max-order",
    default=20,
    show_default=True,
    type=click.IntRange(1, 20),
    help="Highest order of a polynomial that is tried.",
)
@click.option(
    "--max-terms",
    default=250,
    show_default=True,
    type=_COUNT,
    help="Most terms of a polynomial that is tried.",
)
@click.option("--accept", is_flag=True, help="Write muscles whose errors exceed a limit too.")
@click.option("--processes", type=_COUNT, help="Without it, one on each processor.")
@_overwrite
@json_option()
def fit(
    source: Path,
    output: Path,
    joints: str,
    side: str | None,
    muscles: str,
    without: str | None,
    ranges: tuple[str, ...],
    recording: str | None,
    accept: bool,
    overwrite: bool,
    json_file: str | None,
    **given: Any,
) -> None:
    """Fit the muscles of SOURCE, an OpenSim (.osim) or MuJoCo (.xml) model.

    Lengths become polynomials of the joint angles, and moment arms minus their derivatives, with
    the model's constraints held. The errors, on postures that the fit has not seen, are printed. A
    muscle over a limit is not written; where it is smooth is said.
    """
    _checked_output(output, overwrite)
    from daemon.modelling.fit import About, fit_model
    from daemon.modelling.fit_paths import Limits
    from daemon.modelling.ranges import parse_range
    from daemon.modelling.writing import summary, table, write_model

    named = _names(joints) or []
    with progress_of_stages("Opening the model") as told:
        fitted = fit_model(
            source,
            named,
            side=side,
            muscles=None if muscles == "all" else _names(muscles),
            without=_names(without) or (),
            ranges=dict(parse_range(text) for text in ranges),
            recorded=_recorded(recording),
            about=About(given["name"], given["origin"], given["license_"]),
            limits=Limits(
                given["length_limit_mm"] / 1e3,
                given["moment_arm_limit_mm"] / 1e3,
                given["max_order"],
                given["max_terms"],
            ),
            samples=given["samples"],
            processes=given["processes"],
            on_progress=told,
        )
    paths = [(muscle.name, muscle.path) for muscle in fitted.model.muscles]
    say(table(paths, fitted.limits), json_file)
    for coordinate in fitted.model.coordinates:
        say(_coordinate(coordinate), json_file)
    for note in (*fitted.notes, *fitted.over.values()):
        say(note, json_file)
    write_json(json_file, summary(fitted))
    write_model(fitted, output, accept=accept)
    say(f"Wrote {len(fitted.model.muscles)} muscles to {output}.", json_file)


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def _recorded(recording: str | None) -> dict[str, Array] | None:
    if recording is None:
        return None
    from daemon.modelling.ranges import recorded_angles
    from pipeline.streams.recordings.load import load_recording

    return recorded_angles(load_recording(recording))


def _coordinate(coordinate: Coordinate) -> str:
    low, high = map(math.degrees, coordinate.range_rad)
    return f"{coordinate.name}: {low:.1f} to {high:.1f} deg, positive is {coordinate.positive}."


@model.command(
    epilog=examples("Example:  hillstream model show leg.json -o leg.png --source leg.osim")
)
@click.argument("model_file", metavar="MODEL.json", type=_FILE)
@_output
@click.option("--source", type=_FILE, metavar="FILE", help="Draw the source model's too.")
@click.option("--muscle", "chosen", multiple=True, metavar="NAME", help="Only this; repeatable.")
@_overwrite
def show(
    model_file: Path, output: Path, source: Path | None, chosen: tuple[str, ...], overwrite: bool
) -> None:
    """Draw lengths and moment arms of a model over the range of each joint.

    A kink, a jump or a sign that changes is seen at once; with --source the dots are the source
    model's own. The picture is a .png, .svg or .pdf.
    """
    _checked_output(output, overwrite)
    from daemon.modelling.figure import draw_model
    from daemon.modelling.opening import open_source
    from daemon.modelling.source import Wanted
    from pipeline.geometry import load_model, with_muscles

    drawn = load_model(model_file)
    if chosen:
        drawn = with_muscles(drawn, chosen)
    with progress_of_stages("Drawing") as told:
        opened = None
        if source is not None:
            opened = open_source(Wanted(source, drawn.coordinate_names, drawn.muscle_names))
        draw_model(drawn, output, opened, told)
    say(f"Wrote {output}.")


@model.command(
    epilog=examples(
        "Example:  hillstream model check leg.json",
        "          hillstream model check leg.json --json -   for a program",
    )
)
@click.argument("model_file", metavar="MODEL.json", type=_FILE)
@json_option()
def check(model_file: Path, json_file: str | None) -> None:
    """Name what is odd about the muscles of a model.

    Over the ranges of the joints: moment arms that change their sign, muscles that move a joint the
    other way than their name promises, fits that miss the limits, and fibres outside 0.5 to
    1.4 optimal lengths. Whether it is a fault or this model's anatomy is for a person to judge.
    """
    from daemon.modelling.review import review
    from pipeline.geometry import load_model

    reviewed = load_model(model_file)
    findings = review(reviewed)
    for finding in findings:
        say(finding.sentence, json_file)
    odd = len({finding.muscle for finding in findings})
    count = len(reviewed.muscles)
    say(f"{odd} of {count} muscles have something odd." if odd else f"{count} muscles, none odd.",
        json_file)  # fmt: skip
    write_json(
        json_file,
        {
            "model": reviewed.name,
            "muscles": list(reviewed.muscle_names),
            "findings": [finding.plain() for finding in findings],
        },
    )


@model.command(
    epilog=examples(
        "Example:  hillstream model skeleton myoarm.xml -o skeleton.json \\",
        "              --joints elv_angle,shoulder_elv,shoulder_rot,elbow_flexion,pro_sup",
    )
)
@click.argument("source", metavar="SOURCE.xml", type=_FILE)
@_output
@click.option("--joints", required=True, metavar="A,B,C", help="From the trunk outwards.")
@click.option("--name", help="What the skeleton is called; without it, as SOURCE.")
@click.option("--origin", help="Where SOURCE comes from, one sentence.")
@click.option("--license", "licence", default="not stated", help="Licence of SOURCE (SPDX).")
@_overwrite
def skeleton(
    source: Path,
    output: Path,
    joints: str,
    name: str | None,
    origin: str | None,
    licence: str,
    overwrite: bool,
) -> None:
    """Take the hinges and bones of a limb from a MuJoCo model.

    The limb begins at the first joint named; bodies beyond the last one are welded to its bone. It
    is what calibrating from motion alone needs.
    """
    _checked_output(output, overwrite)
    from daemon.modelling.skeleton import skeleton_of
    from pipeline.model.skeleton.tree_file import save_skeleton

    chain = skeleton_of(
        source, tuple(_names(joints) or ()), name or source.stem, origin or source.name, licence
    )
    save_skeleton(chain, output)
    for bone in chain.bones:
        say(f"{bone.name:10s} {bone.mass_kg:.4f} kg, centre {bone.centre_of_mass_m} m")
