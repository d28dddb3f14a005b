"""The page for the operator as a picture, as a browser shows it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from daemon.bench.latency.setup import free_port
from pipeline.errors import UserError
from tools.pictures.demo import Scene

WIDTH, HEIGHT = 1440, 1060
"""Size of the browser's window, pixels."""
PATIENCE_S = 60.0
"""How long the page may take to be there, s."""


@contextmanager
def page_of(scene: Scene) -> Iterator[str]:
    """Let `hillstream web` show a demo; yields where."""
    port, folder = free_port(), scene.config.parent
    command = [sys.executable, "-m", "daemon.cli", "web", scene.published]
    command += ["--control", scene.control, "--listen", f"127.0.0.1:{port}"]
    command += ["--sessions", str(folder), "--tokens", str(folder / "web-tokens.toml")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}/"
        _wait_for(url, process)
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_S)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=2.0).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise click.ClickException("'hillstream web' shows no page; start it by hand to see why.")


def shoot(url: str, file: Path) -> None:
    """Write the page as PNG, once it says NOMINAL and its curves are drawn.

    Raises
    ------
    UserError
        If there is no Playwright.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise UserError(
            "A picture of the page needs Playwright: pip install playwright, then playwright "
            "install chromium."
        ) from error
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=shutil.which("chromium"))
        window = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        window.goto(url)
        window.wait_for_selector("#joints canvas", timeout=1000.0 * PATIENCE_S)
        _shoot_when_nominal(window, file)
        browser.close()


def _shoot_when_nominal(window: Any, file: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        window.wait_for_timeout(3000)  # statistics come once a second
        window.screenshot(path=file)
        nominal = window.get_attribute("#banner", "data-status") == "NOMINAL"
        if nominal and "not ok" not in window.inner_text("#joints"):
            return
    raise click.ClickException(
        f"The page was not NOMINAL within {PATIENCE_S:g} s; the machine may be too busy."
    )
