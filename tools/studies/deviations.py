"""Moments within two of their published deviations, joint by joint.

Every moment is published with its standard deviation, so that 95 % of the references should lie
within two of it, whoever moves. Recordings of the walking set-up and simulated people of the arm
who are drawn wide pass through the live pipeline and its calibrator; counted are the rows after the
first 10 s, each predicted before it was learnt from::

    python -m tools.studies.deviations --recording walk36.npz --recording run81.npz --people 10

``claimed`` is what parameters and residual alone say, ``published`` what a receiver is told: the
same, scaled by `pipeline.conformal`. docs/confidence.md has the figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from daemon.assembly.recordings import known_streams
from daemon.config import Config, load_config
from daemon.offline.score import SETTLED_S, score
from daemon.terminal.command import Command
from daemon.terminal.console import console_for, json_option, progress_bar, say, write_json
from pipeline.conformal import DEVIATIONS
from pipeline.live import Paired
from pipeline.streams.recordings.load import load_recording
from pipeline.streams.recordings.recording import Recording
from tools.studies.people.drawing import person
from tools.studies.people.recordings import recorded
from tools.studies.people.tables import Cells, markdown, plain

Array = NDArray[np.float64]

NONE = "-"


@dataclass
class Counted:
    """Errors of a run against both deviations, as it goes on."""

    parts: list[Array] = field(default_factory=list)
    """Error, claimed and published deviation, N*m, shape [3, n, dof] each."""
    since: float | None = None

    def pair(self, paired: Paired) -> None:
        """Take rows whose reference has come; those before the run has settled do not count."""
        t = paired.rows.t
        self.since = t[0] + SETTLED_S if self.since is None else self.since
        told = np.stack((paired.error, paired.claimed, paired.deviation))
        self.parts.append(told[:, t >= self.since])

    def inside(self) -> Array:
        """Return the shares within two claimed and published deviations, shape [2, dof]."""
        error, *deviations = np.concatenate(self.parts, axis=1)
        return np.array([_inside(error, deviation) for deviation in deviations])


def _inside(error: Array, deviation: Array) -> list[float]:
    """Return for each joint the share of its known errors that lie within."""
    shares = []
    for miss, sd in zip(np.abs(error).T, deviation.T, strict=True):
        counts = np.isfinite(miss) & np.isfinite(sd)
        shares.append(
            float(np.mean(miss[counts] <= DEVIATIONS * sd[counts])) if counts.any() else np.nan
        )
    return shares


def counted(config: Config, recording: Recording, name: str) -> dict[str, Any]:
    """Let a recording pass through the daemon and count.

    Returns
    -------
    dict
        ``name``, ``dofs``, and for each of them in ``claimed`` and ``published`` the share within.
    """
    course = Counted()
    score(config, recording, on_paired=course.pair)
    claimed, published = course.inside()
    return {"name": name, "dofs": config.model.dofs, "claimed": claimed, "published": published}


def runs(
    recordings: tuple[Path, ...], seeds: range, seconds: float, cache: Path | None
) -> Iterator[dict[str, Any]]:
    """Count each recording, then each simulated person."""
    walking, arm = load_config("walking"), load_config("arm")
    for path in recordings:
        yield counted(walking, load_recording(path, known_streams(walking)), path.stem)
    for seed in seeds:
        config = person(arm, seed)
        yield counted(config, recorded(config, seconds, cache), f"person {seed}")


def cells(found: list[dict[str, Any]]) -> Cells:
    """Return the shares as titles and text."""
    rows = [
        [
            run["name"],
            dof,
            *(NONE if np.isnan(run[kind][i]) else f"{100 * run[kind][i]:.1f}" for kind in KINDS),
        ]
        for run in found
        for i, dof in enumerate(run["dofs"])
    ]
    return ["who", "joint", *(f"{kind}, %" for kind in KINDS)], rows


KINDS = ("claimed", "published")


@click.command(cls=Command)
@click.option(
    "--recording",
    "recordings",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A recording of the walking set-up; may be repeated.",
)
@click.option("--people", default=10, show_default=True, help="Simulated people of the arm.")
@click.option(
    "--seed",
    default=0,
    show_default=True,
    help="Seed of the first person. The scaling was chosen on people from 100 on and on walk36.",
)
@click.option("--seconds", default=40.0, show_default=True, help="How long each one moves, s.")
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder in which what the lab recorded is kept for the next trial.",
)
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the table for the docs.")
@json_option()
def main(
    recordings: tuple[Path, ...],
    people: int,
    seed: int,
    seconds: float,
    cache: Path | None,
    as_markdown: bool,
    json_file: str | None,
) -> None:
    """Count the moments that lie within two of their published deviations."""
    found: list[dict[str, Any]] = []
    with progress_bar("Counting") as progress:
        for run in runs(recordings, range(seed, seed + people), seconds, cache):
            found.append(run)
            progress(len(found) / (len(recordings) + people))
    if as_markdown:
        say(markdown(cells(found)), json_file)
    else:
        console_for(json_file).print(plain(cells(found)))
    write_json(json_file, {"seed": seed, "seconds": seconds, "runs": found})


if __name__ == "__main__":
    main()
