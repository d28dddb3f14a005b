"""Pictures for README and site, of a real demo: ``python -m tools.pictures``.

The picture of the page needs Playwright and its Chromium: `pip install playwright`, then
`playwright install chromium`.
"""

from __future__ import annotations

from pathlib import Path

import click

from daemon.terminal.command import Command
from daemon.terminal.console import say
from tools.pictures.demo import running_demo
from tools.pictures.page import page_of, shoot
from tools.pictures.terminal import draw, heard

PLACE = Path(__file__).resolve().parents[2] / "docs" / "pictures"


@click.command(cls=Command)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=PLACE,
    help="Folder for the pictures; by default docs/pictures.",
)
@click.option("--seconds", default=45.0, show_default=True, help="How long the demo runs first, s.")
def main(out: Path, seconds: float) -> None:
    """Take the pictures of the terminal view and of the page."""
    out.mkdir(parents=True, exist_ok=True)
    with running_demo("arm") as scene, page_of(scene) as url:
        draw(heard(scene, seconds), out / "terminal.svg")
        say(f"Wrote {out / 'terminal.svg'}.")
        shoot(url, out / "page.png")
        say(f"Wrote {out / 'page.png'}.")


if __name__ == "__main__":
    main()
