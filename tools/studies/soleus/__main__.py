"""Validation of the muscle on a real one: ``python -m tools.studies.soleus DATA_FOLDER``.

Prints tables in Markdown; `docs/validation.md` explains them. The figure needs matplotlib.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from daemon.terminal.command import Command
from daemon.terminal.curves import curves as curve_option
from pipeline.errors import UserError
from pipeline.model.curve_choice import CurveChoice
from pipeline.model.subject import Subject
from tools.studies.soleus.muscle import (
    DURATION_S,
    ISOMETRIC_FORCE_N,
    PUBLISHED,
    SCORED_FROM_S,
    Array,
    MuscleModel,
    Trial,
    at_instants,
    damped,
    elastic,
    errors,
    fit,
    isometric,
    load_trials,
    respond,
    rigid,
)

TEST_DAMPING = 0.1
"""Damping in ceinms2's test of the same recordings."""
FIGURE_DPI = 72
PROTOCOL = "**Elastic, fitted on trial 6 alone (the protocol)**"
RIGID = "Rigid, published parameters"
PUBLISHED_ELASTIC = "Elastic, published parameters"
HELD = "Elastic, fitted on trial 6, isometric force held"


@dataclass(frozen=True)
class Case:
    """A muscle model and where its parameters come from."""

    name: str
    model: MuscleModel
    subject: Callable[[Sequence[Trial], Subject], Subject]
    """From all trials and the published parameters."""


CASES = (
    Case(PUBLISHED_ELASTIC, elastic, lambda trials, start: start),
    Case(PROTOCOL, elastic, lambda trials, start: fit(elastic, trials[-1:], start)),
    Case(HELD, elastic, lambda t, start: fit(elastic, [t[-1], isometric(t[-1])], start)),
    Case("Elastic, fitted on all six (no validation)", elastic, lambda t, s: fit(elastic, t, s)),
    Case(RIGID, rigid, lambda trials, start: start),
    Case("Rigid, fitted on trial 6 alone", rigid, lambda t, start: fit(rigid, t[-1:], start)),
    Case(
        f"Elastic, published parameters, damping {TEST_DAMPING:g}",
        elastic,
        lambda trials, start: damped(start, TEST_DAMPING),
    ),
    Case(
        f"Elastic, fitted on trial 6 alone, damping {TEST_DAMPING:g}",
        elastic,
        lambda trials, start: fit(elastic, trials[-1:], damped(start, TEST_DAMPING)),
    ),
)


@dataclass(frozen=True)
class Outcome:
    """What a case came to."""

    name: str
    subject: Subject
    force: Array
    """On the grid, N, shape [trial, time]."""
    error: Array
    """Mean absolute error over the measured isometric force, shape [trial]."""


def outcome(case: Case, trials: Sequence[Trial], start: Subject = PUBLISHED) -> Outcome:
    """Find a case's parameters and score them on all trials."""
    subject = case.subject(trials, start)
    force = respond(case.model, subject, trials)
    return Outcome(case.name, subject, force, errors(force, trials))


def error_table(outcomes: Sequence[Outcome], trials: Sequence[Trial]) -> str:
    """Return the errors of each trial and their mean, %, as Markdown."""
    head = [f"{number} ({t.amplitude_mm:g} mm)" for number, t in enumerate(trials, start=1)]
    rows = [[o.name, *map(_percent, o.error), _percent(o.error.mean())] for o in outcomes]
    return _markdown(["mean absolute error over F_iso, %", *head, "mean"], rows)


def parameter_table(outcomes: Sequence[Outcome]) -> str:
    """Return the parameters of each case as Markdown."""
    rows = [
        [
            o.name,
            f"{(o.subject.max_isometric_force * o.subject.strength)[0]:.3f}",
            f"{1e3 * o.subject.optimal_fibre_length[0]:.2f}",
            f"{1e3 * o.subject.tendon_slack_length[0]:.2f}",
        ]
        for o in outcomes
    ]
    head = ["", "maximum isometric force, N", "optimal fibre length, mm", "tendon slack length, mm"]
    return _markdown(head, rows)


def bias_table(outcomes: Sequence[Outcome], trials: Sequence[Trial]) -> str:
    """Return mean predicted minus measured force of the muscle stretched and shortened, %."""
    rows = []
    for o in outcomes:
        for way in ("stretched", "shortened"):
            biases = [
                _bias(force, trial, trial.lengthening == (way == "stretched"))
                for force, trial in zip(o.force, trials, strict=True)
            ]
            rows.append([f"{o.name}, while {way}", *(f"{100 * bias:+.1f}" for bias in biases)])
    head = [f"{trial.amplitude_mm:g} mm" for trial in trials]
    return _markdown(["predicted - measured over F_iso, %", *head], rows)


def _bias(force: Array, trial: Trial, instants: NDArray[np.bool_]) -> float:
    error = at_instants(force, trial) - trial.force
    return float(error[instants].mean()) / ISOMETRIC_FORCE_N


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.1f}"


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def draw(path: Path, outcomes: Sequence[Outcome], trials: Sequence[Trial]) -> None:
    """Draw measured and predicted force of every trial.

    Raises
    ------
    UserError
        If matplotlib is not installed.
    """
    pyplot = _pyplot()
    figure, axes = pyplot.subplots(
        3, 2, figsize=(10, 8), sharex=True, sharey=True, layout="constrained"
    )
    for index, (axis, trial) in enumerate(zip(axes.flat, trials, strict=True)):
        t = np.linspace(0.0, DURATION_S, len(trial.length))
        later = t >= SCORED_FROM_S
        dots = axis.plot(trial.t, trial.force, "k.", ms=3)
        lines = [
            axis.plot(t[later], o.force[index][later], style, lw=1)[0]
            for o, style in zip(outcomes, ("C2--", "C0-", "C3:"), strict=True)
        ]
        scores = [f"{_percent(o.error[index])} %" for o in outcomes]
        axis.legend(lines, scores, fontsize=8, loc="upper center", ncols=3, frameon=False)
        axis.set(
            title=f"Trial {index + 1}: {trial.amplitude_mm:g} mm",
            xlabel="time, s",
            ylabel="tendon force, N",
            ylim=(0.0, 2.6),
        )
        axis.label_outer()
    names = ["Measured", *(o.name.strip("*") for o in outcomes)]
    figure.legend([*dots, *lines], names, loc="outside upper center", ncols=2)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=FIGURE_DPI)
    pyplot.close(figure)


def _pyplot() -> Any:
    try:
        matplotlib: Any = import_module("matplotlib")
    except ImportError as error:
        raise UserError(
            "The figure needs the package matplotlib; install it, or leave --figure out."
        ) from error
    matplotlib.use("Agg")
    return import_module("matplotlib.pyplot")


@click.command(cls=Command)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--figure", type=click.Path(path_type=Path), help="Draw the forces here (PNG).")
@click.option("--table", type=click.Path(path_type=Path), help="Write the tables here too.")
@click.option(
    "--curves",
    type=curve_option,
    default="degroote2016",
    show_default=True,
    help="Curve set, as model.curves of a configuration names it.",
)
def main(folder: Path, figure: Path | None, table: Path | None, curves: CurveChoice) -> None:
    """Score the muscle model on the rat soleus recordings in FOLDER."""
    trials, start = load_trials(folder), replace(PUBLISHED, curves=curves)
    outcomes = {case.name: outcome(case, trials, start) for case in CASES}
    everything = list(outcomes.values())
    limits = [outcomes[name] for name in (PUBLISHED_ELASTIC, HELD)]
    tables = (error_table(everything, trials), parameter_table(everything))
    text = "\n\n".join((*tables, bias_table(limits, trials))) + "\n"
    click.echo(text, nl=False)
    if table:
        table.write_text(text, encoding="utf-8")
    if figure:
        draw(figure, [outcomes[name] for name in (PUBLISHED_ELASTIC, PROTOCOL, RIGID)], trials)


if __name__ == "__main__":
    main()
