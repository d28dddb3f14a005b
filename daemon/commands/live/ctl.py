"""`hillstream ctl`: ask a running daemon how it is, and tell it what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from daemon.commands.common import Number, examples
from daemon.commands.setup.keys import key_options, keys_of
from daemon.terminal.console import console_for, json_option, say, write_json
from daemon.terminal.table import facts, table
from pipeline.errors import UserError
from pipeline.files import refuse_existing

if TYPE_CHECKING:
    from rich.table import Table

    from daemon.ipc.requests import Reply
    from pipeline.transport.curve import ClientKeys

_LONGEST_MARK = 500
_Action = click.argument("action", type=click.Choice(["start", "stop"]))


@dataclass(frozen=True)
class _Way:
    """How the daemon is reached, and where its answer goes."""

    address: str
    patience_s: float
    keys: ClientKeys | None
    json_file: str | None


def _asks(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of every command that asks the daemon; it gets them as a `_Way`."""

    @wraps(command)
    def asking(
        address: str,
        patience: float,
        own_key: Path | None,
        server_key: str | None,
        json_file: str | None,
        **more: Any,
    ) -> None:
        command(_Way(address, patience, keys_of(own_key, server_key), json_file), **more)

    address = click.option(
        "--address",
        default="tcp://127.0.0.1:5557",
        show_default=True,
        metavar="ADDRESS",
        help="The daemon's control.address.",
    )
    patience = click.option(
        "--patience",
        type=Number(min=0, min_open=True),
        default=2.0,
        show_default=True,
        metavar="S",
        help="How long to wait for the daemon's answer.",
    )
    return address(patience(key_options()(json_option()(asking))))


@click.group(
    epilog=examples(
        "Example:  hillstream ctl status",
        "          hillstream ctl mvc start     the person contracts each muscle, then",
        "          hillstream ctl mvc stop",
        "          hillstream ctl mark 'treadmill to 1.4 m/s'",
        "Next:     hillstream ctl save me.json  what was found, to start from next time",
    )
)
def ctl() -> None:
    """Ask a running daemon how it is, and tell it what to do.

    Commands go to the daemon's control.address. Exit status 2 and a sentence mean that nobody
    answered, or that the daemon refused.
    """


@ctl.command(epilog=examples("Example:  hillstream ctl status --json -"))
@_asks
def status(way: _Way) -> None:
    """Tell how the daemon is: state, streams, latency, calibration."""
    told = _asked(way, "status").data
    console_for(way.json_file).print(facts(told["title"], _facts(told)))
    write_json(way.json_file, told)


@ctl.command()
@_asks
def pause(way: _Way) -> None:
    """Let no parameter change until 'resume'.

    The calibrator goes on listening, so it can go on at once. The pause outlives its process.
    """
    _do(way, "pause")


@ctl.command()
@_asks
def resume(way: _Way) -> None:
    """Calibrate again."""
    _do(way, "resume")


@ctl.command(
    epilog=examples("Example:  hillstream ctl pause", "          hillstream ctl rollback 12")
)
@click.argument("version", type=click.IntRange(min=0))
@_asks
def rollback(way: _Way, version: int) -> None:
    """Put the parameters of VERSION in force again.

    They become a new version; the moments fade to it. Calibration goes on from there; 'pause'
    first if they are to stay. Version 0 is what the run started with.
    """
    _do(way, "rollback", version=version)


@ctl.command(epilog=examples("Example:  hillstream ctl compare 12"))
@click.argument("version", type=click.IntRange(min=0))
@_asks
def compare(way: _Way, version: int) -> None:
    """Show what 'rollback VERSION' would change.

    For each parameter of each muscle its value now and that of VERSION, and of the bones and the
    electromechanical delay where they are identified. Nothing is changed.
    """
    told = _asked(way, "compare", version=version).data
    console_for(way.json_file).print(_compared(told))
    write_json(way.json_file, told)


@ctl.command(epilog=examples("Example:  hillstream ctl save me.json"))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--overwrite", is_flag=True, help="Write over files that are there.")
@_asks
def save(way: _Way, file: Path | None, overwrite: bool) -> None:
    """Write down the person as calibrated now, and the levels.

    FILE, subject-vN.json by default (N being the version), is a subject as model.subject takes it.
    Bones, where they are identified, go beside it, to me.skeleton.json for me.json; MVC and
    resting levels to me.levels.toml, as lines for the configuration. A set that has not been shown
    to fit the person says so in its file: no moment of a run that starts from it is ok until it is.
    """
    from daemon.control.saving import write_person

    if file is not None and not overwrite:
        refuse_existing(file)  # before the daemon has told its log of it
    reply = _asked(way, "save")
    try:
        written = write_person(reply.data, file, overwrite=overwrite)
    except UserError as error:
        _tell_the_log(way, f"Parameter set {reply.data['version']} was not saved: {error}")
        raise
    say(f"Wrote parameter set {reply.data['version']} to {written.subject}.", way.json_file)
    if written.skeleton:
        say(f"Wrote its bones to {written.skeleton}.", way.json_file)
    where = f"Wrote its place in a configuration, with MVC and baseline, to {written.levels}."
    say(where, way.json_file)
    if reply.data["doubt"]:
        say(f"It is not trusted, and its file says so. {reply.data['doubt']}", way.json_file)
    write_json(way.json_file, reply.data)


@ctl.command()
@_Action
@click.option("--yes", is_flag=True, help="With stop: an MVC far below the old one is meant.")
@click.option("--channels", metavar="A,B", help="With start: take the MVC of these alone.")
@_asks
def mvc(way: _Way, action: str, yes: bool, channels: str | None) -> None:
    """Record the maximum voluntary contraction, live.

    Between start and stop the person contracts each muscle as hard as possible for some seconds.
    A channel's new MVC is the highest level held for half a second; a channel that was not clearly
    activated keeps its old one. The excitations move to the new scale without a step, and the
    calibrator begins anew with its window. Old and new values are told; where one would fall to
    less than half, nothing changes until 'mvc stop --yes'. 'hillstream mvc CONFIG' leads through
    it all.
    """
    names = [name.strip() for name in (channels or "").split(",") if name.strip()]
    more = {"channels": names} if names else {}
    _do(way, f"mvc {action}", **({"confirmed": True} if yes else {}), **more)


@ctl.command()
@_Action
@_asks
def baseline(way: _Way, action: str) -> None:
    """Record the resting level, live.

    Between start and stop the person keeps still. The mean of each channel is taken off from then
    on, in place of a tracked or configured level; a channel above a tenth of its MVC was not at
    rest and keeps what it had.
    """
    _do(way, f"baseline {action}")


@ctl.command(epilog=examples("Example:  hillstream ctl mark 'second set of squats'"))
@click.argument("text")
@_asks
def mark(way: _Way, text: str) -> None:
    """Write TEXT into the session's log, at this moment."""
    _do(way, "mark", text=text)


def _tell_the_log(way: _Way, sentence: str) -> None:
    """Mark in the session's log what went wrong here."""
    with suppress(UserError):  # then nobody is there to be told; the person is told anyway
        _asked(way, "mark", text=sentence[:_LONGEST_MARK])


def _do(way: _Way, command: str, **more: Any) -> None:
    """Give a command and tell what came of it."""
    reply = _asked(way, command, **more)
    say(reply.sentence, way.json_file)
    write_json(way.json_file, {"sentence": reply.sentence, **reply.data})


def _asked(way: _Way, command: str, **more: Any) -> Reply:
    """Return the reply to a command; a refusal is an error in the daemon's words."""
    from pydantic import ValidationError

    from daemon.control.client import account, ask, refusal
    from daemon.ipc.requests import Request

    try:
        request = Request.model_validate({"command": command, "by": account(), **more})
    except ValidationError as error:
        told = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise UserError(f"'{command}' cannot be asked for like this: {told}.") from error
    reply = ask(way.address, request, way.patience_s, way.keys)
    if not reply.ok:
        raise UserError(refusal(reply))
    return reply


def _compared(told: Mapping[str, Any]) -> Table:
    """Return the table of a reply to 'compare'."""
    columns = ["now", f"version {told['version']}", "change"]
    return table(["parameter", "of"], columns, _comparison(told))


def _comparison(told: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, muscles in told["parameters"].items():
        for muscle, (now, then) in muscles.items():
            yield name, muscle, f"{now:.4g}", f"{then:.4g}", _change(now, then)
    for label, (now, then) in told.get("bones", {}).items():
        yield "bone", label, f"{now:.4g}", f"{then:.4g}", _change(now, then)
    delays = told.get("delay_s", ())
    if delays:
        shown = ("not found" if delay is None else f"{delay:.4g}" for delay in delays)
        yield "electromechanical delay, s", "all", *shown, ""


def _change(now: float, then: float) -> str:
    """Return by how much a value would change, of what it is now."""
    if now == then:
        return "="
    return f"{then / now - 1:+.1%}" if now else ""


def _facts(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    report = told["status"]
    if report is None:
        yield "state", "nothing was reported yet, or output.zmq is not set"
    else:
        yield "state", f"{report['status']}: {report['note']}"
        yield "reported", f"{told['age_s']:.1f} s ago, {report['uptime_s']:.0f} s after the start"
    yield "parameters", f"version {told['version']} (known: {told['versions_known']})"
    yield "calibration", _calibration(told)
    if report is not None:
        yield from _report_facts(report)
    if told["refused_operators"]:
        yield "operators", _refused(told["refused_operators"])
    recording = told["recording"]
    yield "mvc", "being recorded" if recording == "mvc" else _levels(told["mvc"], "1 everywhere")
    yield "baseline", "being recorded" if recording == "baseline" else _baseline(told["baseline"])


_COUNTS = {
    "missing_samples": "samples missing",
    "restamped": "stamped anew",
    "nonfinite": "not finite",
    "out_of_order": "out of order",
    "from_future": "from the future",
    "too_old": "too old",
    "refused": "messages refused",
    "replayed": "messages replayed",
}
"""Counts of a stream that are told where they are not zero."""


def _calibration(told: Mapping[str, Any]) -> str:
    if not told["calibrates"]:
        return "off"
    report = (told["status"] or {}).get("calibrator")
    last = f"; last update: {report['result']}. {report['sentence']}" if report else ""
    return ("paused" if told["paused"] else "at work") + last


def _report_facts(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if report["doubt"] not in report["note"]:
        yield "trust", report["doubt"]
    errors = {dof: value for dof, value in report["rmse"].items() if value is not None}
    yield "rmse, N*m", _levels(errors, "unknown: no reference in the last second")
    latency = {name: value for name, value in report["latency_ms"].items() if value is not None}
    yield "latency, ms", _levels(latency, "unknown")
    for stream in report["streams"]:
        rate = "" if stream["rate_hz"] is None else f", {stream['rate_hz']:.1f} Hz"
        counts = "".join(f", {stream[of]} {words}" for of, words in _COUNTS.items() if stream[of])
        yield stream["key"], f"{stream['state']}{rate}{counts} {stream['note']}".rstrip()
    output = report["output"]
    if output["lost_datagrams"]:
        yield "udp", f"{output['lost_datagrams']} datagrams not sent"
    if output["lost_ros2_messages"]:
        yield "ROS 2", f"{output['lost_ros2_messages']} messages not sent"
    if output["refused_listeners"]:
        yield "listeners", _refused(output["refused_listeners"])


def _refused(attempts: int) -> str:
    return f"{attempts} attempts without a listed key were refused; the log says why"


def _levels(levels: Mapping[str, float], otherwise: str) -> str:
    return ", ".join(f"{name} {value:.3g}" for name, value in levels.items()) or otherwise


def _baseline(baseline: Literal["none", "tracked"] | Mapping[str, float]) -> str:
    return baseline if isinstance(baseline, str) else _levels(baseline, "0 everywhere")
