"""`hillstream calibrator`: calibrates for daemons on other machines, and tells of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from daemon.assembly.checks import checked_config
from daemon.commands.common import examples, seconds_option, stop_on_signals
from daemon.commands.setup.keys import keys_of
from daemon.terminal.console import console_for, json_option, say, write_json
from pipeline.errors import UserError

if TYPE_CHECKING:
    from rich.table import Table

    from daemon.calibration.wire import ClientsReport
    from pipeline.transport.curve import ServerKeys

_PATIENCE_S = 3.0


@click.command(
    epilog=examples(
        "Example:  hillstream calibrator walking.toml --listen tcp://0.0.0.0:5570 \\",
        "              --key keys/gpu.key --clients keys/boards",
        "          hillstream calibrator --status tcp://127.0.0.1:5570 --key keys/desk.key \\",
        "              --server-key keys/gpu.pub",
        "Next:     [calibrator] where = 'tcp://...' in the daemon's set-up; docs/elsewhere.md",
    )
)
@click.argument("config_name", metavar="[CONFIG]", required=False)
@click.option("--listen", metavar="ADDRESS", help="Calibrate for the daemons that connect here.")
@click.option("--status", "asked", metavar="ADDRESS", help="List whom the calibrator there serves.")
@click.option(
    "--key",
    "own_key",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="This side's secret key; needed to listen beyond this machine.",
)
@click.option(
    "--clients",
    "admitted",
    multiple=True,
    metavar="KEYS",
    help="With --listen: public keys of those who may come, their files, or folders of these.",
)
@click.option("--server-key", metavar="KEY", help="With --status: the calibrator's public key.")
@click.option(
    "--most",
    type=click.IntRange(1, 256),
    default=16,
    show_default=True,
    help="With --listen: so many daemons at once.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 256),
    help="With --listen: so many processes at most share the calibrators; without it, as many as "
    "there are processors for, and one where a GPU computes.",
)
@seconds_option()
@json_option()
def calibrator(
    config_name: str | None,
    listen: str | None,
    asked: str | None,
    own_key: Path | None,
    admitted: tuple[str, ...],
    server_key: str | None,
    most: int,
    processes: int | None,
    seconds: float | None,
    json_file: str | None,
) -> None:
    """Calibrate for daemons on other machines.

    A daemon whose set-up says [calibrator] where = ADDRESS sends its rows and gets the updates
    back. Several daemons of the same set-up are served in turn, each with a calibrator of its own.
    Runs until Ctrl-C.
    """
    if (listen is None) == (asked is None):
        raise UserError("Give either CONFIG and --listen ADDRESS, or --status ADDRESS.")
    if asked is not None:
        report = _report_of(asked, own_key, server_key)
        console_for(json_file).print(_table(report))
        write_json(json_file, report.model_dump(mode="json"))
        return
    if config_name is None or listen is None:
        raise UserError("--listen needs CONFIG, the set-up that the daemons have too.")
    keys = _server_keys(own_key, admitted)
    _serve(config_name, listen, keys, most, processes, seconds, json_file)


def _server_keys(own_key: Path | None, admitted: tuple[str, ...]) -> ServerKeys | None:
    from pipeline.transport.curve import ServerKeys
    from pipeline.transport.key_files import listed, read_pair

    if own_key is None and not admitted:
        return None
    if own_key is None or not admitted:
        raise UserError(
            "--key and --clients go together: this machine's secret key, and the public keys of "
            "the daemons that may come."
        )
    return ServerKeys(read_pair(own_key), listed(admitted))


def _serve(
    config_name: str,
    listen: str,
    keys: ServerKeys | None,
    most: int,
    processes: int | None,
    seconds: float | None,
    json_file: str | None,
) -> None:
    import time
    from contextlib import closing

    config = checked_config(config_name)
    from daemon.calibration.server import CalibratorServer
    from daemon.calibration.shops import processes_for

    processes = min(processes or processes_for(config), most)
    office = CalibratorServer(config, listen, keys, most, processes)
    with closing(office) as server, stop_on_signals() as stop:
        guard = f"for {len(keys.allowed)} keys" if keys else "without keys, on this machine only"
        say(f"Calibrating at {server.address}, {guard}. Ctrl-C ends it.", json_file)
        deadline = None if seconds is None else time.monotonic() + seconds
        while not stop.is_set() and (deadline is None or time.monotonic() < deadline):
            server.turn()
        write_json(json_file, server.report().model_dump(mode="json"))


def _report_of(address: str, own_key: Path | None, server_key: str | None) -> ClientsReport:
    from daemon.calibration.asking import clients_of

    return clients_of(address, keys_of(own_key, server_key), _PATIENCE_S)


def _table(report: ClientsReport) -> Table:
    from daemon.terminal.table import table

    rows = (
        (
            client.name,
            client.state,
            client.result.replace("_", " ") or "-",
            str(client.version),
            f"{client.updates_per_s:.2f} of {client.wanted_per_s:.2f}",
            f"{client.bytes_per_s / 1000:.0f}",
            str(client.missing),
            f"{client.silent_s:.1f}",
        )
        for client in report.clients
    )
    shown = table(
        ["daemon", "", "last update"],
        ["set", "updates/s", "kB/s", "rows missing", "silent, s"],
        rows,
    )
    shown.title_justify = "left"
    shown.title = (
        f"{report.title}, on {report.device}: {len(report.clients)} of {report.most} daemons, "
        f"{report.refused} refused at the door"
    )
    return shown
