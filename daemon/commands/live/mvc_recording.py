"""A guided recording from its first step to what was found, with a daemon or without."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import dataclass

from daemon.commands.common import stop_on_signals
from daemon.commands.live.guiding import Scene, led
from daemon.commands.live.mvc_saving import Place
from daemon.commands.live.mvc_with_daemon import adopt_baseline, adopt_mvc
from daemon.control.client import refusal
from daemon.control.recorder import DaemonRecorder
from daemon.guidance.emg import bare_envelope, emg_source
from daemon.guidance.findings import findings
from daemon.guidance.guide import Guide
from daemon.guidance.outcome import Outcome, outcome_of
from daemon.guidance.steps import Step, steps
from daemon.terminal.console import console_for, say
from pipeline.errors import UserError


@dataclass(frozen=True)
class Plan:
    """How it is to be recorded; times in s."""

    repeats: int
    seconds: float
    rest_s: float
    pause_s: float
    with_baseline: bool
    yes: bool
    json_file: str | None


def recorded(
    place: Place, chosen: list[str], plan: Plan, daemon: DaemonRecorder | None
) -> tuple[Outcome, str, bool]:
    """Return what was found, why the recording ended early ("" if not), and whether it counts.

    Raises
    ------
    UserError
        If no EMG comes, or the daemon refuses to record.
    """
    config = place.config
    if daemon:
        daemon.start("mvc", chosen)
    try:
        script = steps(chosen, plan.repeats, plan.seconds, plan.rest_s, plan.pause_s)
        guide, why_ended = _led(place, chosen, script, plan)
    except BaseException:
        if daemon:
            _end(daemon, plan)
        raise
    found = findings(config.streams.emg.channels, guide.takes, guide.missed)
    outcome = outcome_of(config, found, with_baseline=plan.with_baseline)
    if daemon is None:
        return outcome, why_ended, True
    taken = adopt_mvc(daemon, outcome, yes=plan.yes, json_file=plan.json_file)
    if taken is None:
        return outcome, why_ended, False
    if plan.with_baseline and taken.adopted and not why_ended:
        why_ended = _rest_again(place, chosen, plan, daemon, taken)
    return taken, why_ended, True


def _end(daemon: DaemonRecorder, plan: Plan) -> None:
    """End the daemon's recording, whatever has ended this one."""
    try:
        sentence = refusal(daemon.stop("mvc"))
    except UserError as error:
        sentence = str(error)
    say(f"The daemon: {sentence}", plan.json_file)


def _rest_again(
    place: Place, chosen: list[str], plan: Plan, daemon: DaemonRecorder, outcome: Outcome
) -> str:
    """Record the daemon's resting level, which is a fraction of the MVC it has now.

    What fails here is a warning: the MVC is adopted, and is still to be written.
    """
    say("Once more rest, for the resting level of the daemon.", plan.json_file)
    try:
        daemon.start("baseline")
        try:
            script = steps((), 1, plan.seconds, plan.rest_s, plan.pause_s)
            _, why_ended = _led(place, chosen, script, plan)
        finally:
            adopt_baseline(daemon, outcome, plan.json_file)
    except UserError as error:
        outcome.warnings.append(str(error))
        return "The resting level was not recorded."
    return why_ended


def _led(place: Place, chosen: list[str], script: list[Step], plan: Plan) -> tuple[Guide, str]:
    """Lead through some steps; return the guide, and why it ended early."""
    config = place.config
    console = console_for(plan.json_file)
    drawing = console.is_interactive
    by_time = plan.yes or not (drawing and sys.stdin.isatty())
    guide = Guide(script, bare_envelope(config), by_time=by_time)
    names = config.streams.emg.channels
    scene = Scene(console, config.title, names, chosen, config.envelope.mvc, place.unit)
    with stop_on_signals() as stop, closing(emg_source(config)) as source:
        source.open()
        return guide, led(guide, source, scene, stop, drawing=drawing)
