"""`hillstream docs`: the manual of this very version, built on this machine, in a browser."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import webbrowser
from collections.abc import Iterator
from importlib import resources, util
from pathlib import Path

import click
from rich.console import Console

from daemon.commands.common import examples
from daemon.terminal.console import say
from pipeline.errors import UserError

_NEEDED = ("sphinx", "myst_parser", "furo")


@click.command(
    epilog=examples(
        "Example:  hillstream docs",
        "          hillstream docs --no-open   only builds, and prints where the pages are",
        "Next:     the first day: hillstream simulate arm",
        "Needs:    pip install 'hillstream[docs]'",
    )
)
@click.option("--no-open", is_flag=True, help="Print the path of the first page, open nothing.")
def docs(no_open: bool) -> None:
    """Show the manual in a browser.

    Tutorial, how-to pages, explanations, and a reference of every key, command and message that is
    made from the installed code. It is built where it is out of date, which takes some seconds, and
    kept in the user's cache.
    """
    page = up_to_date(sources(), cache()) / "index.html"
    if no_open or not webbrowser.open(page.as_uri()):
        say(str(page))


def sources() -> Path:
    """Return the folder of the pages: inside the installed package, or beside the source.

    Raises
    ------
    UserError
        If this installation has none.
    """
    package = Path(str(resources.files("daemon")))
    for folder in (package / "docs", package.parent / "docs"):
        if (folder / "conf.py").is_file():
            return folder
    raise UserError(
        f"The manual is not beside '{package}'; install hillstream from its wheel or source."
    )


def cache() -> Path:
    """Return the folder that built sites are kept in."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hillstream" / "docs"


def up_to_date(source: Path, kept: Path) -> Path:
    """Return the folder of the built site, after building it where it is not the newest.

    Raises
    ------
    UserError
        If a library for it is missing, it cannot be built or not be written.
    """
    site = kept / fingerprint(source)
    if (site / "index.html").is_file():
        return site
    if missing := [name for name in _NEEDED if util.find_spec(name) is None]:
        raise UserError(
            f"The manual needs {missing[0]}, which is not installed: pip install "
            "'hillstream[docs]'."
        )
    try:
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        with tempfile.TemporaryDirectory(dir=kept) as folder:
            _build(source, Path(folder) / "site")
            (Path(folder) / "site").rename(site)
    except OSError as error:
        raise UserError(
            f"The manual cannot be written to '{kept}' ({error.strerror}); set XDG_CACHE_HOME to a "
            "folder that can be written."
        ) from error
    return site


def fingerprint(source: Path) -> str:
    """Return a name for the state of the pages, and of the code that the reference is made from."""
    packages = (Path(str(resources.files(name))) for name in ("daemon", "pipeline"))
    state = hashlib.sha256(sys.version.encode())
    for folder in (source, *packages):
        for file in _files(folder):
            told = file.stat()
            state.update(f"{file} {told.st_size} {told.st_mtime_ns}\n".encode())
    return state.hexdigest()[:16]


def _files(folder: Path) -> Iterator[Path]:
    found = (file for file in folder.rglob("*") if "__pycache__" not in file.parts)
    return (file for file in sorted(found) if file.is_file())


def _build(source: Path, out: Path) -> None:
    order = [sys.executable, "-m", "sphinx", "-q", "-b", "html", "-d", str(out.parent / "trees")]
    with Console(stderr=True).status("Building the manual ..."):
        done = subprocess.run([*order, str(source), str(out)], capture_output=True, text=True)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it says nothing"]
        raise UserError(f"The manual cannot be built from '{source}': {lines[-1]}")
