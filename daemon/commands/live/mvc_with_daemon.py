"""What a running daemon does with a guided recording: it records along, and adopts the values."""

from __future__ import annotations

from daemon.commands.live.mvc_saving import agreed, fall_of
from daemon.control.client import refusal
from daemon.control.recorder import DaemonRecorder
from daemon.guidance.outcome import Outcome, told_levels
from daemon.ipc.requests import Reply
from daemon.terminal.console import say
from pipeline.errors import UserError


def adopt_mvc(
    daemon: DaemonRecorder, outcome: Outcome, *, yes: bool, json_file: str | None
) -> Outcome | None:
    """End the daemon's recording; return what counts, or None where a fall was not wanted.

    Where the daemon has gone or refuses, that is told, and this recording's own values count.
    """
    try:
        reply = daemon.stop("mvc")
        if not reply.ok and outcome.fallen:
            if not agreed(fall_of(outcome), yes=yes, json_file=json_file):
                return None
            reply = daemon.stop("mvc", confirmed=True)
    except UserError as error:
        reply = Reply(ok=False, sentence=str(error))
    say(f"The daemon: {refusal(reply)}", json_file)
    if not reply.ok:
        outcome.warnings.append(
            "The daemon has not adopted these values; they are of this recording alone."
        )
        return outcome
    now = told_levels(reply.data, "mvc")
    changed = {str(name): now[name] for name in reply.data.get("changed", ())}
    before = outcome.old | told_levels(reply.data, "before")
    return Outcome(before, changed, warnings=outcome.warnings, adopted=True)


def adopt_baseline(daemon: DaemonRecorder, outcome: Outcome, json_file: str | None) -> None:
    """End the daemon's recording of the resting level, and add what it has adopted."""
    try:
        reply = daemon.stop("baseline")
    except UserError as error:
        reply = Reply(ok=False, sentence=str(error))
    if not reply.ok:
        outcome.warnings.append(reply.sentence)
        return
    say(f"The daemon: {reply.sentence}", json_file)
    if not isinstance(reply.data.get("baseline"), str):
        outcome.baseline = told_levels(reply.data, "baseline")
