"""`hillstream cohort`: the calibrations of many people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from daemon.commands.common import examples
from daemon.terminal.console import duration, json_option, progress_bar, say, write_json
from pipeline.errors import UserError, needing

if TYPE_CHECKING:
    from daemon.cohort.plan import Part, Plan
    from daemon.cohort.run import Compute, Standing
    from daemon.cohort.store import Store


_MOST_FAILURES = 10


class _PartType(click.ParamType[tuple[int, int]]):
    """``K/N``, from 1/N to N/N."""

    name = "part"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Return both numbers, or say what they have to be."""
        found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", str(value))
        number, of = (int(text) for text in found.groups()) if found else (0, 0)
        if not 1 <= number <= of:
            self.fail(f"'{value}' is no part; write K/N, such as 2/8, K from 1 to N.", param, ctx)
        return number, of


@click.command(
    epilog=examples(
        "Example:  hillstream cohort study.toml --dry-run",
        "          hillstream cohort study.toml",
        "          hillstream cohort study.toml --part 3/20",
        "Try it:   python -m tools.studies.people_table people --people 6",
        "          hillstream cohort people/study.toml",
        "Next:     open report.html in the study's output folder; read results.parquet",
        "Needs:    pip install 'hillstream[cluster,report]'",
    )
)
@click.argument("study", metavar="STUDY.toml", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be done and how long it would take.")
@click.option("--report", is_flag=True, help="Make table and page of what is finished, and end.")
@click.option("--scheduler", metavar="ADDRESS", help="Use the workers of this Dask scheduler.")
@click.option("--slurm", is_flag=True, help="Use jobs that SLURM starts, see [slurm].")
@click.option(
    "--part",
    type=_PartType(),
    metavar="K/N",
    help="Do the K-th of N shares in this process alone.",
)
@click.option("--fresh", is_flag=True, help="Throw away what is finished and begin anew.")
@json_option()
def cohort(
    study: Path,
    dry_run: bool,
    report: bool,
    scheduler: str | None,
    slurm: bool,
    part: tuple[int, int] | None,
    fresh: bool,
    json_file: str | None,
) -> None:
    """Calibrate many people.

    Everybody in a table of recordings is calibrated with every set-up, once, in folds or on
    resamples, on all processors. Whoever cannot be calibrated is a row that says why. What is
    finished is kept as it comes: the same command goes on where it was.
    """
    if sum((bool(scheduler), slurm, part is not None)) > 1:
        raise UserError("Give one of --scheduler, --slurm and --part, not several.")
    from daemon.cohort.plan import Part, planned
    from daemon.cohort.run import standing, write_results
    from daemon.cohort.store import Store

    plan = planned(study)
    share, store = Part(*part or (1, 1)), Store(plan.study.output)
    if dry_run:
        if not fresh:
            store.check(plan.asked())
        return _foretell(plan, standing(plan, store, share), part is None, json_file)
    if fresh:
        store.clear()
    store.begin(plan.asked())
    if report:
        write_results(plan, store)
    else:
        with _computing(plan, scheduler, slurm, part is not None) as compute:
            _run(plan, store, share, compute)
    _tell(plan, store, standing(plan, store, share), report, json_file)


def _foretell(plan: Plan, now: Standing, spread: bool, json_file: str | None) -> None:
    """Say what would be done, and how long it would take here."""
    from daemon.cohort.run import workers_here

    workers = workers_here(plan.study.run) if spread else 1
    seconds = now.seconds_left(workers)
    say(_told(plan, now), json_file)
    say(
        f"Left are {now.cases_left} in {len(now.left)} batches: about {duration(seconds)} with "
        f"{workers} processes, at {now.seconds_each:.1f} s a calibration "
        f"({'measured' if now.measured else 'usual, none is finished yet'}).",
        json_file,
    )
    figures = {"workers": workers, "seconds_left": seconds, "measured": now.measured}
    write_json(json_file, _counts(plan, now) | figures)


def _run(plan: Plan, store: Store, share: Part, compute: Compute) -> None:
    from daemon.cohort.run import run

    with progress_bar("Calibrating") as progress:
        run(plan, store, share, compute, lambda done, of: progress(done / of))


def _tell(plan: Plan, store: Store, now: Standing, must_draw: bool, json_file: str | None) -> None:
    """Write the page, and say what came of it all."""
    from daemon.cohort.store import read_table
    from daemon.cohort.summary import summary_of

    table, made_of = read_table(store.table)
    drawn = _write_page(store, table, made_of, must_draw, json_file)
    failures = summary_of(table).failures
    say(_told(plan, now), json_file)
    for one in failures[:_MOST_FAILURES]:
        say(f"{one.person}, {one.setup}, draw {one.draw}: {one.error}", json_file)
    if (more := len(failures) - _MOST_FAILURES) > 0:
        say(f"{more} more failed; the page lists them.", json_file)
    say(f"The table is {store.table}{f', the page {store.page}' if drawn else ''}.", json_file)
    told = {"failures": [one._asdict() for one in failures], "table": str(store.table)}
    write_json(json_file, _counts(plan, now) | told | {"page": str(store.page) if drawn else None})


def _write_page(
    store: Store, table: Any, made_of: dict[str, Any], must: bool, json_file: str | None
) -> bool:
    """Write the page; without the libraries that draw there is none, unless it must be."""
    try:
        with needing("A report", "report"):
            from daemon.cohort.page import page
    except UserError as error:
        if must:
            raise
        say(str(error), json_file)
        return False
    store.write_page(page(table, made_of))
    return True


def _told(plan: Plan, now: Standing) -> str:
    return (
        f"{len(plan.people)} people, {len(plan.setups)} set-ups, {len(plan.cases)} calibrations: "
        f"{now.finished} finished, {now.failed} of them without a result."
    )


def _counts(plan: Plan, now: Standing) -> dict[str, Any]:
    return {
        "people": len(plan.people),
        "setups": list(plan.setups),
        "calibrations": len(plan.cases),
        "finished": now.finished,
        "failed": now.failed,
        "left": now.cases_left,
        "batches_left": len(now.left),
        "seconds_each": now.seconds_each,
    }


@contextmanager
def _computing(plan: Plan, scheduler: str | None, slurm: bool, alone: bool) -> Iterator[Compute]:
    """Give what computes batches: this process, or those of a cluster."""
    from daemon.cohort.results import in_this_process

    if alone:
        yield in_this_process
        return
    from daemon.cohort import cluster

    settings = plan.study.run
    if scheduler:
        opened = cluster.client_of(scheduler)
    elif slurm:
        opened = cluster.slurm_client(settings, plan.study.slurm)
    else:
        opened = cluster.local_client(settings)
    with opened as client:
        yield lambda batches, seed: cluster.on_cluster(client, batches, seed)
