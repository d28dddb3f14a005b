"""The writing of a model file, and the table of its errors."""

from __future__ import annotations

import dataclasses
import json
import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from daemon.modelling.fit import Fitted
from daemon.modelling.fit_paths import Limits
from pipeline.errors import UserError
from pipeline.files import written_whole
from pipeline.geometry import FORMAT, ModelFile, MusclePath, load_model
from pipeline.sentences import listed

WIDTH = 80
"""Longest piece of a wrapped list in the file, characters."""
FEW = 6
"""So many muscles are named in an error."""


def write_model(fitted: Fitted, output: Path, *, accept: bool = False) -> None:
    """Write the model file.

    Raises
    ------
    UserError
        If a muscle misses a limit, unless that is accepted.
    """
    if fitted.over and not accept:
        raise UserError(_refusal(fitted))
    with written_whole(output, model_json(fitted.model)) as part:
        load_model(part)  # the daemon's own reader has the last word


def summary(fitted: Fitted) -> dict[str, object]:
    """Return the errors of a fit as data: lengths and moment arms in m, ranges in rad."""
    return {
        "model": fitted.model.name,
        "ranges_rad": {c.name: c.range_rad for c in fitted.model.coordinates},
        "muscles": {
            muscle.name: {
                "length_rms_m": muscle.path.length_rms_m,
                "moment_arm_rms_m": muscle.path.moment_arm_rms_m,
                "over_the_limits": muscle.name in fitted.over,
            }
            for muscle in fitted.model.muscles
        },
        "over_the_limits": dict(fitted.over),
        "smooth_ranges_rad": dict(fitted.ranges),
        "notes": list(fitted.notes),
    }


def _refusal(fitted: Fitted) -> str:
    narrower = " ".join(
        f"--range {name}={math.degrees(low):.4g}:{math.degrees(high):.4g}deg"
        for name, (low, high) in fitted.ranges.items()
    )
    way = narrower or "--range, or --recording for those of a person"
    over = list(fitted.over)
    out = f"leave them out (--without {','.join(over)}), " if len(over) <= FEW else ""
    named = listed(over, FEW)
    return (
        f"The errors of {named} exceed a limit, so nothing was written; narrow the ranges ({way}), "
        f"{out}or give --accept."
    )


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
