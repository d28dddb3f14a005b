"""`hillstream web`: what a running daemon does, on a page in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from daemon.commands.common import examples, stop_on_signals
from daemon.commands.setup.keys import key_options, keys_of
from daemon.terminal.console import say
from pipeline.errors import UserError, needing

if TYPE_CHECKING:
    from daemon.web.serve import Certificate

_File = click.Path(path_type=Path, dir_okay=False)


@click.command(
    epilog=examples(
        "Example:  hillstream web             beside: hillstream run arm",
        "          open http://127.0.0.1:8900/",
        "Try it:   hillstream demo --web",
        "Next:     hillstream keys web ann --may command   a token, for who is to command",
        "Needs:    pip install 'hillstream[web]'",
    )
)
@click.argument("address", default="tcp://127.0.0.1:5556")
@click.option(
    "--control",
    default="tcp://127.0.0.1:5557",
    show_default=True,
    metavar="ADDRESS",
    help="The daemon's control.address.",
)
@click.option(
    "--listen",
    default="127.0.0.1:8900",
    show_default=True,
    metavar="HOST:PORT",
    help="Where the page is shown; port 0 takes any that is free.",
)
@click.option(
    "--sessions",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("sessions"),
    show_default=True,
    metavar="FOLDER",
    help="Recorded sessions to show.",
)
@click.option(
    "--tokens",
    type=_File,
    default=Path("web-tokens.toml"),
    show_default=True,
    metavar="FILE",
    help="Who may read and command, as 'hillstream keys web' writes it.",
)
@click.option("--certificate", type=_File, metavar="FILE", help="Certificate to encrypt with, PEM.")
@click.option("--certificate-key", type=_File, metavar="FILE", help="Its secret key, PEM.")
@click.option(
    "--behind-proxy",
    is_flag=True,
    help="A proxy that encrypts stands before it; nobody is local then. Needs --origin.",
)
@click.option(
    "--origin",
    "origins",
    multiple=True,
    metavar="URL",
    help="Where browsers open the page, beside its own address. May be repeated.",
)
@key_options()
def web(
    address: str,
    control: str,
    listen: str,
    sessions: Path,
    tokens: Path,
    certificate: Path | None,
    certificate_key: Path | None,
    behind_proxy: bool,
    origins: tuple[str, ...],
    own_key: Path | None,
    server_key: str | None,
) -> None:
    """Show a running daemon in a browser, and command it there.

    ADDRESS is the daemon's output.zmq, tcp://127.0.0.1:5556 by default. It need not be there yet,
    and may come and go. Whoever sits at this machine may look; commands need a token, and so does
    looking from elsewhere. Ends at Ctrl-C.
    """
    with needing("The page", "web"):
        from daemon.web.cockpit import Settings, run
    settings = Settings(
        address,
        control,
        listen,
        sessions,
        tokens,
        _certificate(certificate, certificate_key),
        behind_proxy,
        origins,
        keys_of(own_key, server_key),
    )
    if not sessions.is_dir():
        say(f"The folder '{sessions}' does not exist yet; until then no sessions are listed.")
    with stop_on_signals(interrupts=False) as stop:
        run(settings, stop, _say_where)


def _say_where(url: str) -> None:
    from daemon.web.address import openable

    say(f"The page is on {' or '.join(openable(url))} until Ctrl-C.")


def _certificate(chain: Path | None, key: Path | None) -> Certificate | None:
    from daemon.web.serve import Certificate

    if chain is None and key is None:
        return None
    if chain is None or key is None:
        raise UserError("--certificate and --certificate-key go together; give both.")
    return Certificate(chain, key)
