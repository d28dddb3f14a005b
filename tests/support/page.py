"""The cockpit's page in a real browser, and a witness of all that goes wrong in it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from pipeline.streams import clock

PATIENCE_MS = 120_000.0
Place = tuple[str, str, str]
"""Panel, row within it (joint, channel, muscle ...; empty without), and name of the field."""

WITNESS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""
READ = """
() => [...document.querySelectorAll("[data-field]")].map((node) => {
  const panel = node.closest("[data-panel]")?.dataset.panel ?? "";
  const row = node.closest("[data-dof], [data-channel], [data-stream], [data-muscle]");
  const of = row?.dataset ?? {};
  const name = of.dof ?? of.channel ?? of.stream
    ?? [of.muscle, of.parameter].filter(Boolean).join("/");
  return [panel, name, node.dataset.field, node.dataset.value ?? "", node.textContent];
})
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yield Debian's Chromium; skips where there is none."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no Chromium on this machine")
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=path, args=options)
        try:
            yield browser
        finally:
            browser.close()


class Reading:
    """All numbers of the page at one moment.

    Parameters
    ----------
    page
        Where they stand.
    """

    def __init__(self, page: Page) -> None:
        self.at = clock.now()
        """When it was read, s on the daemon's clock."""
        self.values: dict[Place, str] = {}
        """In full."""
        self.texts: dict[Place, str] = {}
        """As they are written."""
        for panel, row, field, value, text in page.evaluate(READ):
            self.values[panel, row, field] = value
            self.texts[panel, row, field] = text

    def number(self, *place: str) -> float | None:
        """Return a value; None where there is nothing to tell."""
        value = self.values[place]  # type: ignore[index]
        return float(value) if value else None


class Witness:
    """What a page complains of, and what its policy stopped."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.complaints: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.add_init_script(WITNESS)

    def _hear(self, message: ConsoleMessage) -> None:
        url = str(message.location["url"])
        if "/spectrum/" in url and re.search(r"status of (409|503)", message.text):
            return  # a daemon that was held up; the page asks again
        if message.type in {"error", "warning", "assert"}:
            self.complaints.append(f"{message.type}: {message.text} ({message.location})")

    def all(self) -> list[str]:
        """Return all complaints so far."""
        violations: list[str] = self._page.evaluate("() => window.violations")
        return self.complaints + violations


@contextmanager
def opened(browser: Browser, url: str, token: str = "", **settings: Any) -> Iterator[Page]:
    """Yield the page once it hears the daemon; fails at the end if anything went wrong in it."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}} | settings)
    try:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        witness = Witness(page)
        page.goto(f"{url}#token={token}" if token else url)
        page.wait_for_selector('html[data-link="live"][data-connection="open"]', state="attached")
        page.wait_for_selector("#joints [data-dof]")
        yield page
        assert witness.all() == []
    finally:
        context.close()
