"""Common ground of the importers: options, the table of errors, the writing of the file."""

from __future__ import annotations

import dataclasses
import functools
import json
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from pipeline.errors import UserError
from pipeline.files import refuse_existing
from pipeline.geometry import FORMAT, Coordinate, ModelFile, Muscle, MusclePath, load_model
from tools.importers.fit_paths import Limits, fit_paths
from tools.importers.samples import Posture

WIDTH = 80
"""Longest piece of a wrapped list in the file, characters."""

COUNT = click.IntRange(min=1)
overwrite_option = click.option(
    "--overwrite", is_flag=True, help="Write over the output file if it is there."
)
_OPTIONS = (
    click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path)),
    click.option("--name", required=True, help="Name of the model."),
    click.option("--origin", required=True, help="Source model and its version, one sentence."),
    click.option("--license", "license_", required=True, help="Its licence, as an SPDX name."),
    click.option(
        "--coordinate",
        "coordinates",
        required=True,
        multiple=True,
        type=(str, float, float, str),
        metavar="NAME LOW HIGH POSITIVE",
        help="A coordinate, the range to fit in rad, and the movement of positive sign.",
    ),
    click.option(
        "--muscles", required=True, help="Names with commas between, in the file's order."
    ),
    click.option("--samples", default=4000, show_default=True, help="Postures to fit.", type=COUNT),
    click.option("--length-limit-mm", default=1.0, show_default=True, help="RMS."),
    click.option("--moment-arm-limit-mm", default=1.5, show_default=True, help="RMS."),
    click.option("--max-order", default=12, show_default=True, type=COUNT),
    click.option("--max-terms", default=250, show_default=True, type=COUNT),
    click.option("--accept", is_flag=True, help="Write muscles whose errors exceed a limit too."),
    overwrite_option,
)


_TAKEN = ("output", "name", "origin", "license_", "coordinates", "muscles", "samples", "accept")


@dataclasses.dataclass(frozen=True)
class ImportRequest:
    """What the command line asks for."""

    output: Path
    name: str
    origin: str
    license: str
    coordinates: tuple[Coordinate, ...]
    muscles: tuple[str, ...]
    samples: int
    limits: Limits
    accept: bool = False
    """Whether paths that miss a limit are written."""


def importer_options(run: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of an importer, bundled as its argument `request`."""

    @functools.wraps(run)
    def command(**given: Any) -> None:
        names = (
            "output",
            "name",
            "origin",
            "license_",
            "coordinates",
            "muscles",
            "samples",
            "accept",
        )
        taken = {name.rstrip("_"): given.pop(name) for name in names}
        taken["coordinates"] = tuple(
            Coordinate(name, (low, high), positive)
            for name, low, high, positive in taken["coordinates"]
        )
        taken["muscles"] = tuple(taken["muscles"].split(","))
        limits = Limits(
            given.pop("length_limit_mm") / 1e3,
            given.pop("moment_arm_limit_mm") / 1e3,
            given.pop("max_order"),
            given.pop("max_terms"),
        )
        if not given.pop("overwrite"):
            refuse_existing(taken["output"])  # before minutes of work
        run(request=ImportRequest(**taken, limits=limits), **given)

    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def finish(request: ImportRequest, muscles: Sequence[Muscle], source: str) -> None:
    """Print the table of errors and write the model file.

    Raises
    ------
    UserError
        If a path misses a limit, unless that is accepted.
    """
    click.echo(table([(muscle.name, muscle.path) for muscle in muscles], request.limits))
    over = [muscle.name for muscle in muscles if not request.limits.met(muscle.path)]
    if over and not request.accept:
        raise UserError(
            f"The errors of {', '.join(over)} exceed a limit, so nothing was written; narrow the "
            "ranges, raise --max-order or --max-terms, leave them out, or give --accept."
        )
    origin = (
        f"{request.origin}; paths sampled with {source} and fitted to {request.samples} "
        f"quasi-random postures over the coordinates' ranges, errors from "
        f"{_held_out(request.samples)} others."
    )
    model = ModelFile(request.name, origin, request.license, request.coordinates, tuple(muscles))
    request.output.write_text(model_json(model), encoding="utf-8")
    load_model(request.output)  # the daemon's own reader has the last word
    click.echo(f"Wrote {request.output}.")


def fitted(request: ImportRequest, posture: Posture) -> list[MusclePath]:
    """Return the paths of the muscles that are asked for."""
    return fit_paths(
        posture,
        request.coordinates,
        request.muscles,
        request.limits,
        request.samples,
        _held_out(request.samples),
    )


def _held_out(samples: int) -> int:
    """Return how many postures are kept for the errors."""
    return max(samples // 4, 1)


def table(paths: Sequence[tuple[str, MusclePath]], limits: Limits) -> str:
    """Return the errors of the fits in mm, `RMS (max)`; a line over a limit is marked."""
    lines = [f"{'muscle':12s} order terms  length        moment arms"]
    for name, path in paths:
        arms = "  ".join(
            f"{coordinate} {1e3 * rms:.2f} ({1e3 * path.moment_arm_max_m[coordinate]:.2f})"
            for coordinate, rms in path.moment_arm_rms_m.items()
        )
        length = f"{1e3 * path.length_rms_m:.2f} ({1e3 * path.length_max_m:.2f})"
        mark = "" if limits.met(path) else "  <- OVER THE LIMIT"
        lines.append(
            f"{name:12s} {path.order:5d} {len(path.exponents):5d}  {length:13s} {arms}{mark}"
        )
    lines.append("Errors in mm on postures the fit has not seen: root mean square (largest).")
    return "\n".join(lines)


def model_json(model: ModelFile) -> str:
    """Return the model as JSON, one muscle a block, long lists wrapped."""
    fields = dataclasses.asdict(model)
    muscles = fields.pop("muscles")
    coordinates = ",\n".join(f"    {json.dumps(c)}" for c in fields.pop("coordinates"))
    lines = [f'  "{key}": {json.dumps(value)},' for key, value in fields.items()]
    blocks = ",\n".join(_muscle_block(muscle) for muscle in muscles)
    return "\n".join(
        [
            "{",
            f'  "format": "{FORMAT}",',
            *lines,
            f'  "coordinates": [\n{coordinates}\n  ],',
            f'  "muscles": [\n{blocks}\n  ]',
            "}\n",
        ]
    )


def _muscle_block(muscle: dict[str, Any]) -> str:
    path = muscle.pop("path")
    head = [f'      "{key}": {json.dumps(value)},' for key, value in muscle.items()]
    body = [f'        "{key}": {_wrapped(json.dumps(value))}' for key, value in path.items()]
    return "\n".join(["    {", *head, '      "path": {', ",\n".join(body), "      }", "    }"])


def _wrapped(text: str) -> str:
    """Break a long list over lines, at commas between its items only."""
    if len(text) <= WIDTH:
        return text
    # A term's own list stays whole: its inner blanks are taken out first.
    text = text.replace("], [", "],\v[").replace(", ", ",") if text.startswith("[[") else text
    pieces = textwrap.wrap(
        text.replace("\v", " "), WIDTH, break_long_words=False, break_on_hyphens=False
    )
    return ("\n" + " " * 10).join(pieces)
