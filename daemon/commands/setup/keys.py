"""`hillstream keys`: who may listen to the daemon, and who may command it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from daemon.commands.common import examples
from daemon.terminal.console import Command, console_for, say
from pipeline.errors import UserError

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


@keys.command(
    epilog=examples(
        "Example:  hillstream keys web desk --may command",
        "          hillstream keys web wall --may read --at https://cockpit.lab.example",
        "          hillstream keys web --list",
        "          hillstream keys web --revoke wall",
        "Next:     hillstream web; see docs/security.md",
    )
)
@click.argument("name", required=False)
@click.option(
    "--may",
    type=click.Choice(["read", "command"]),
    help="What the token allows; who may command may also read.",
)
@click.option(
    "--file",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("web-tokens.toml"),
    show_default=True,
    metavar="FILE",
    help="Where names and hashes are kept.",
)
@click.option(
    "--at",
    default="http://127.0.0.1:8900",
    show_default=True,
    metavar="URL",
    help="Where the cockpit is opened, for the address that is printed.",
)
@click.option("--revoke", metavar="NAME", help="Take the token of NAME away.")
@click.option("--list", "listing", is_flag=True, help="Show who has a token; no token is shown.")
def web(
    name: str | None, may: str | None, file: Path, at: str, revoke: str | None, listing: bool
) -> None:
    """Make a token by which NAME may see the cockpit, or command through it.

    It is shown once; FILE keeps its hash only. A running cockpit takes a new token, and one that is
    revoked, at once.
    """
    if [name is not None, revoke is not None, listing].count(True) != 1:
        raise UserError("Give one of NAME, --revoke NAME and --list.")
    if name is not None and may is None:
        raise UserError(
            f"--may is missing: what '{name}' may, --may read (to look) or --may command (as well)."
        )
    if name is None and may is not None:
        raise UserError("--may is of a new token; give its NAME too, and no --revoke or --list.")
    if name is not None and may is not None:
        _make_token(name, may, file, at)
    elif revoke is not None:
        from daemon.web.access.tokens import revoke_token

        revoke_token(file, revoke)
        say(f"The token of {revoke} is taken away; a running cockpit knows it no more.")
    else:
        _list_tokens(file)


def _make_token(name: str, may: str, file: Path, at: str) -> None:
    from daemon.web.access.tokens import Right, add_token

    token = add_token(file, name, Right(may), date.today())
    say(f"Token of {name}, who may {may}; it is shown this once:\n\n    {token}\n")
    say(f"Open {at.rstrip('/')}/#token={token}")
    say(f"{file} keeps its hash. Whoever has the token may {may}; send it to nobody else.")


def _list_tokens(file: Path) -> None:
    from daemon.terminal.table import facts
    from daemon.web.access.tokens import read_holders

    rows = [(one.name, f"{one.may}, since {one.made}") for one in read_holders(file)]
    console_for().print(facts(f"Tokens in {file}", rows))
