"""A cohort against a shell's loop over its people, on the same simulated people in one run.

``python -m tools.studies.cohort_speed --people 200 --json FILE`` records people of
`tools.studies.people_table`, calibrates them one after the other by `hillstream calibrate`, a
process each, then all by `hillstream cohort`, and compares every parameter. Both begin with the
same recordings and end with what they leave: a JSON file each; the table and the page.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np

from daemon.cohort.people import Person, read_people
from daemon.cohort.store import Store, read_table
from daemon.cohort.study import Study
from daemon.cohort.study_file import load_study
from daemon.terminal.command import Command
from daemon.terminal.console import json_option, progress_bar, say, write_json
from pipeline.errors import UserError
from tools.studies.people_table import folder_option, recorded_study

Parameters = dict[tuple[str, str, str], float]
"""Values, or deviations, by person, kind of parameter, and muscles."""
_HILLSTREAM = (sys.executable, "-m", "daemon.cli")


class Found(NamedTuple):
    """What a way has come to."""

    wall_s: float
    cpu_s: float
    """Time of all processors."""
    values: Parameters
    deviations: Parameters


def looped(study: Study, people: Sequence[Person], on_progress: Callable[[float], None]) -> Found:
    """Calibrate people one after the other, as a user's shell loop does."""
    values: Parameters = {}
    deviations: Parameters = {}
    (ranges,), began = study.calibrate.seconds, _times()
    files = []
    for number, person in enumerate(people):
        (recording,) = person.recordings
        file = study.output.parent / f"{person.name}.json"
        _run("calibrate", study.setups[0], recording, "--seconds", ranges, "--json", file)
        files.append(file)
        on_progress((number + 1) / len(people))
    taken = _since(began)
    for person, file in zip(people, files, strict=True):
        result = json.loads(file.read_text(encoding="utf-8"))
        for one in result["parameters"]:
            key = person.name, one["name"], "+".join(one["muscles"])
            values[key], deviations[key] = one["value"], one["deviation"]
        key = person.name, "delay_s", ""
        values[key], deviations[key] = result["delay_s"], result["delay_deviation_s"]
    return Found(*taken, values, deviations)


def at_once(study: Study, file: Path) -> Found:
    """Calibrate all people of a study as a cohort."""
    began = _times()
    _run("cohort", file)
    taken = _since(began)
    table, _ = read_table(Store(study.output).table)
    values: Parameters = {}
    deviations: Parameters = {}
    for row in table.to_pylist():
        if row["error"] is not None:
            raise UserError(f"{row['person']} has no result: {row['error']}")
        key = row["person"], row["quantity"], row["of"]
        if row["deviation"] is not None:
            values[key], deviations[key] = row["value"], row["deviation"]
    return Found(*taken, values, deviations)


def _times() -> tuple[float, float]:
    """Return the wall's time and that of processors in programs that have ended, s."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic(), used.ru_utime + used.ru_stime


def _since(began: tuple[float, float]) -> tuple[float, float]:
    now = _times()
    return now[0] - began[0], now[1] - began[1]


def _run(*arguments: object) -> None:
    """Run a command of hillstream to its end, as a shell does.

    Raises
    ------
    UserError
        If it fails.
    """
    done = subprocess.run(
        [*_HILLSTREAM, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise UserError(f"'hillstream {arguments[0]}' failed: {done.stderr[-1000:]}")


def compared(loop: Found, cohort: Found, people: int) -> dict[str, Any]:
    """Return how fast both were, and how far their parameters are apart.

    Returns
    -------
    dict
        ``people_per_minute``, ``wall_s`` and ``cpu_s_each`` of ``loop`` and ``cohort``;
        ``ratio``; ``parameters`` compared; ``largest``, ``median`` and ``percentile_99`` of the
        differences, in deviations as the loop's calibrations state them, and ``worst``, where the
        largest is.
    """
    if loop.values.keys() != cohort.values.keys():
        raise UserError("The loop and the cohort have not the same parameters of the same people.")
    apart = {key: _apart(key, loop, cohort) for key in loop.values if loop.deviations[key] > 0}
    differences = np.array(list(apart.values()))
    worst = max(apart, key=lambda key: apart[key])
    return {
        "people": people,
        "people_per_minute": {
            "loop": 60.0 * people / loop.wall_s,
            "cohort": 60.0 * people / cohort.wall_s,
        },
        "wall_s": {"loop": loop.wall_s, "cohort": cohort.wall_s},
        "cpu_s_each": {"loop": loop.cpu_s / people, "cohort": cohort.cpu_s / people},
        "ratio": loop.wall_s / cohort.wall_s,
        "parameters": len(apart),
        "largest": float(differences.max()),
        "percentile_99": float(np.percentile(differences, 99)),
        "median": float(np.median(differences)),
        "worst": " ".join(worst).strip(),
    }


def _apart(key: tuple[str, str, str], one: Found, other: Found) -> float:
    return abs(one.values[key] - other.values[key]) / one.deviations[key]


def sentence(told: Mapping[str, Any]) -> str:
    """Return what there is to say."""
    speed, cpu_s = told["people_per_minute"], told["cpu_s_each"]
    return (
        f"{told['people']} people: {speed['loop']:.1f} a minute in a loop, {speed['cohort']:.1f} "
        f"as a cohort: {told['ratio']:.1f} times as fast (a person takes {cpu_s['loop']:.1f} s and "
        f"{cpu_s['cohort']:.1f} s of a processor). Of {told['parameters']} parameters the largest "
        f"difference is {told['largest']:.2g} deviations ({told['worst']}), the median "
        f"{told['median']:.2g}."
    )


@click.command(cls=Command)
@click.option("--people", type=click.IntRange(1), default=200, show_default=True, help="How many.")
@click.option("--seed", default=3000, show_default=True, help="Seed of the first person.")
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True, help="Processes.")
@folder_option
@json_option()
def main(people: int, seed: int, workers: int, folder: Path | None, json_file: str | None) -> None:
    """Time a cohort against a loop over its people, and compare what they find."""
    with recorded_study(folder, range(seed, seed + people), workers) as file:
        study = load_study(file)
        Store(study.output).clear()
        with progress_bar("One after the other") as progress:
            loop = looped(study, read_people(study.table, study.columns), progress)
        told = compared(loop, at_once(study, file), people)
    say(sentence(told), json_file)
    write_json(json_file, {**told, "workers": workers, "processors": os.cpu_count()})


if __name__ == "__main__":
    main()
