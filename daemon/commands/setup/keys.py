"""`hillstream keys`: who may listen to the daemon, and who may command it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from daemon.commands.common import examples
from daemon.terminal.console import Command, say

if TYPE_CHECKING:
    from pipeline.transport.curve import ClientKeys


def key_options() -> Callable[[Command], Command]:
    """Return the options of a command that connects to a daemon: --key and --server-key."""
    own = click.option(
        "--key",
        "own_key",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Your secret key, where the daemon asks for keys.",
    )
    server = click.option(
        "--server-key", metavar="KEY", help="The daemon's public key, or its file."
    )
    return lambda command: own(server(command))


def keys_of(own_key: Path | None, server_key: str | None) -> ClientKeys | None:
    """Return the keys that the options name, or None where they name none."""
    from pipeline.transport.key_files import client_keys

    return client_keys(own_key, server_key)


@click.group(
    epilog=examples(
        "Example:  hillstream keys new daemon",
        "          hillstream keys new exo",
        "Next:     name them in [security] of the configuration; see docs/security.md",
    )
)
def keys() -> None:
    """Make the keys by which daemon and clients know each other.

    With keys everything is encrypted, and only listed clients receive moments or give commands.
    """


@keys.command(epilog=examples("Example:  hillstream keys new exo --folder keys"))
@click.argument("name")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("keys"),
    show_default=True,
    metavar="FOLDER",
    help="Where to write it.",
)
def new(name: str, folder: Path) -> None:
    """Make a key pair: NAME.key, which is secret, and NAME.pub, which is not.

    Nothing is ever overwritten. Make it on the machine that will use it, so that the secret key
    never travels.
    """
    from pipeline.transport.key_files import new_keys

    secret, public = new_keys(name, folder)
    say(f"Secret key: {secret}. It is for its owner alone; nothing else may read it.")
    say(f"Public key: {public}. Give it to those that {name} connects to, or that connect to it.")
