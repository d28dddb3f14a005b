"""`hillstream run` and `hillstream demo`: the daemon, with a view of what it does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Column, Table

from daemon.assembly.checks import checked_config
from daemon.commands.common import config_argument, examples, seconds_option, stop_on_signals
from daemon.processes.nursery import Nursery
from daemon.processes.worker import Worker
from daemon.terminal.console import console_for, json_option, say, write_json
from daemon.terminal.table import table
from pipeline.errors import UserError

if TYPE_CHECKING:
    from daemon.config import Config

Work = Callable[..., dict[str, Any]]
"""`daemon.processes.supervisor.run` or `daemon.simulation.demo.demo`."""

_session = click.option(
    "--session",
    "session_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the session log to FILE; by default to a new file in 'sessions'.",
)
DEMO_S = 60.0
"""How long the demonstration lasts, unless somebody reads its page."""
_no_session = click.option("--no-session", is_flag=True, help="Write no session log.")
_headless = click.option(
    "--headless", is_flag=True, help="A line of text a second instead of the live view."
)
_web = click.option(
    "--web",
    "web",
    is_flag=False,
    flag_value="127.0.0.1:8900",
    metavar="[HOST:PORT]",
    help="Also show it on a page in a browser, at 127.0.0.1:8900 if nothing else is given; as "
    "'hillstream web' does, in a process beside.",
)


@click.command(
    epilog=examples(
        "Example:  hillstream run arm           beside: hillstream simulate arm",
        "          hillstream run my-lab.toml --headless --json result.json",
        "Next:     hillstream listen            in another terminal",
    )
)
@config_argument()
@seconds_option()
@json_option()
@_session
@_no_session
@_headless
@_web
def run(
    config_name: str,
    seconds: float | None,
    json_file: str | None,
    session_file: Path | None,
    no_session: bool,
    headless: bool,
    web: str | None,
) -> None:
    """Predict joint moments from live streams, calibrate, publish.

    Starts with whatever is there: streams that are missing are waited for, and nothing but zeros is
    published until EMG and angles arrive. Calibration begins by itself as soon as reference
    moments do. What happens is written to a session log. Runs until Ctrl-C, then shows what came
    of it. Exit status 1 if not one moment was predicted.
    """
    with Nursery() as nursery:
        scout = Worker(nursery, "scout", "daemon.processes.scout:main")
        scout.prepare()  # before torch is loaded, so that it can look for the streams meanwhile
        nursery.foresee("daemon.processes.predictor:main")  # loads torch while the set-up is read
        from daemon.config import config_path

        config = _with_session(checked_config(config_name), session_file, no_session)
        from daemon.processes.supervisor import run as daemon

        work = partial(daemon, nursery=nursery, scout=scout)
        with _page_beside(config, web, json_file):
            _watched(work, config, config_path(config_name), seconds, json_file, headless)


@click.command(
    epilog=examples(
        "Example:  hillstream demo",
        "          hillstream demo arm --seconds 30 --headless --json demo.json",
        "Next:     hillstream simulate arm      the same in parts, each in its terminal:",
        "          hillstream run arm",
        "          hillstream listen",
    )
)
@config_argument(default="arm", metavar="[CONFIG]")
@seconds_option(
    help=f"Stop after this time, or at Ctrl-C. Without it after {DEMO_S:g} s; with --web only at "
    "Ctrl-C."
)
@json_option()
@_session
@_no_session
@_headless
@_web
def demo(
    config_name: str,
    seconds: float | None,
    json_file: str | None,
    session_file: Path | None,
    no_session: bool,
    headless: bool,
    web: str | None,
) -> None:
    """See it work, with a simulated person and no equipment.

    The simulated person's muscles are not the ones the daemon starts from. Watch the error of each
    joint fall and the parameters approach the true ones while the person moves.
    """
    from daemon.config import config_path

    config = _with_session(checked_config(config_name), session_file, no_session)
    from daemon.simulation.demo import demo as work

    path = config_path(config_name)
    if seconds is None and web is None:
        seconds = DEMO_S
    with _page_beside(config, web, json_file):
        _watched(work, config, path, seconds, json_file, headless, simulated=True)


def _with_session(config: Config, file: Path | None, none: bool) -> Config:
    """Return the set-up with the session log that the options ask for."""
    enabled = file is not None or (config.session.enabled and not none)
    changes = {"enabled": enabled, "file": file or config.session.file}
    return config.model_copy(update={"session": config.session.model_copy(update=changes)})


@contextmanager
def _page_beside(config: Config, listen: str | None, json_file: str | None) -> Iterator[None]:
    """Show the daemon on a page while it works, where that is asked for."""
    if listen is None:
        yield
        return
    from daemon.assembly.keys import ConfiguredKeys
    from daemon.web.address import parse_listen
    from daemon.web.beside import cockpit_beside

    parse_listen(listen, "--web")  # 'demo --web CONFIG' would take the set-up for an address
    if config.output.zmq is None:
        raise UserError("--web shows what goes out over ZeroMQ; give output.zmq an address.")
    keys = ConfiguredKeys(config).listener
    # The daemon's own key may listen, but not command.
    control = config.control.address if config.control.enabled and keys is None else None
    say(f"The page will be on http://{listen}/ in a moment.", json_file)
    with cockpit_beside(config.output.zmq, control, listen, config.session.folder, keys):
        yield


def _watched(
    work: Work,
    config: Config,
    path: Path,
    seconds: float | None,
    json_file: str | None,
    headless: bool,
    simulated: bool = False,
) -> None:
    """Let the daemon work, show it, and tell what came of it."""
    from daemon.commands.live.watch import watching

    console = console_for(json_file)
    with stop_on_signals() as stop, watching(config, console, headless, simulated) as on_status:
        result = work(config, path, seconds=seconds, stop=stop, on_status=on_status)
    if "rmse" not in result:
        raise click.ClickException("The predictor left no result; the log says why, more with -v.")
    console.print(_errors(result))
    if "truth" in result:
        console.print(_against_truth(result["truth"]))
    if result.get("bones"):
        say(_bones(result["bones"]), json_file)
    say(_pace(result), json_file)
    if result["session"]:
        say(f"Session: {result['session']} (hillstream report shows it).", json_file)
    write_json(json_file, result)
    if not result["moments_predicted"]:
        raise click.ClickException(_nothing(result))


def _nothing(result: Mapping[str, Any]) -> str:
    """Return why no moment was predicted, in the words of the streams."""
    needed = {key: result["streams"][key] for key in ("emg", "angles")}
    why = (one["note"] or f"The {key} stream is {one['state']}." for key, one in needed.items())
    return (
        f"No moment was predicted in this run. {' '.join(why)} 'hillstream streams' shows what "
        "each sender lacks."
    )


def _errors(result: Mapping[str, Any]) -> Table:
    columns = {
        "first 5 s": result["rmse_first"],
        "after 10 s": result["rmse_after_10s"],
        "last 10 s": result["rmse_last"],
    }
    return _by_joint("RMSE, N*m", result["rmse"], columns)


def _against_truth(truth: Mapping[str, Mapping[str, float | None]]) -> Table:
    """Return what the simulated person's true moments say, which no sensor shows."""
    columns = {
        "first 5 s": truth["rmse_first"],
        "last 10 s": truth["rmse_last"],
        "true RMS": truth["rms_last"],
    }
    return _by_joint("against the truth, N*m", truth["rmse_first"], columns)


def _by_joint(
    title: str, dofs: Iterable[str], columns: Mapping[str, Mapping[str, float | None]]
) -> Table:
    rows = ((dof, *(_number(column.get(dof)) for column in columns.values())) for dof in dofs)
    return table([Column(title, no_wrap=True)], list(columns), rows)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _bones(bones: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what is known of the bones, in a sentence."""
    counts = Counter(number["identifiability"] for number in bones.values())
    said = ", ".join(f"{n} {known.replace('_', ' ')}" for known, n in counts.most_common())
    heavy = ", ".join(
        f"{label.partition(':')[0]} {number['factor']:.2f} (s.d. {number['deviation']:.2f})"
        for label, number in bones.items()
        if label.endswith(":mass")
    )
    return f"Bones: {said}. Mass over what was believed: {heavy}."


def _pace(result: Mapping[str, Any]) -> str:
    latency = result["latency_ms"]
    known = {name: value for name, value in latency.items() if value is not None}
    times = ", ".join(f"{name} {value:.1f} ms" for name, value in known.items()) or "unknown"
    return (
        f"{result['ticks_published']} of {result['ticks_expected']} moments published, "
        f"{result['seq_gaps']} gaps, {result['nonfinite']} not finite.\n"
        f"Latency {times}; parameter set {result['parameter_version']}."
    )
