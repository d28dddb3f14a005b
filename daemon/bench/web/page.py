"""The page itself in a real browser: how long it keeps the browser from everything else."""

from __future__ import annotations

import json
import os
import shutil
import time
from typing import Any

import numpy as np

from daemon.bench.watch import Progress
from daemon.live.stages import SETTLING_S
from pipeline.errors import UserError

SLICE_S = 1.0
FIFTH = 0.2
WATCH = """
window.longTasks = [];
window.drawn = 0;
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.longTasks.push([task.startTime, task.duration]);
}).observe({ type: "longtask", buffered: true });
(function next() { window.drawn += 1; requestAnimationFrame(next); })();
"""
"""A long task is one of 50 ms or more, as browsers define it."""
TELL = "() => ({ now: performance.now(), tasks: window.longTasks, drawn: window.drawn })"


def watch_page(url: str, seconds: float, on_progress: Progress) -> dict[str, Any]:
    """Show the page for a while, and note its long tasks.

    Parameters
    ----------
    url
        Of the page.
    seconds
        How long it is watched after it has settled, s.
    on_progress
        Called with the share that is done.

    Returns
    -------
    dict
        ``longest_task_ms`` and ``busy_ms`` of the page's main thread, processor time, which does
        not count what it waits for a processor, and ``creep``, that of the last fifth of the time
        over that of the first; ``long_tasks_ms`` by the clock, those that began after `SETTLING_S`;
        ``while_settling_ms``, those before; ``frames_per_s`` that were drawn; ``seconds``.

    Raises
    ------
    UserError
        If there is no browser, or the page does not show the daemon.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise UserError(
            "--chromium needs Playwright, which is not installed: pip install playwright."
        ) from error
    path = shutil.which("chromium")
    if path is None:
        raise UserError("--chromium needs a Chromium; on Debian: apt install chromium.")
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=path, args=options)
        page = browser.new_page(viewport={"width": 1280, "height": 1700})  # all panels are drawn
        page.add_init_script(WATCH)
        try:
            page.goto(url)
            page.wait_for_selector("html[data-link=live]", state="attached", timeout=60_000)
        except Error as error:
            raise UserError(f"The page does not show the daemon: {error.message}") from error
        page.wait_for_timeout(1e3 * SETTLING_S)
        browser.start_tracing(page=page, categories=["toplevel", "__metadata"])
        begun = page.evaluate(TELL)
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            page.wait_for_timeout(1e3 * min(SLICE_S, left))
            on_progress(1.0 - max(0.0, left) / seconds)
        ended = page.evaluate(TELL)
        trace = json.loads(browser.stop_tracing())
        browser.close()
    return _found(begun, ended) | _of_trace(trace["traceEvents"])


def _found(begun: dict[str, Any], ended: dict[str, Any]) -> dict[str, Any]:
    seconds = 1e-3 * (ended["now"] - begun["now"])
    tasks = [(start >= begun["now"], duration) for start, duration in ended["tasks"]]
    return {
        "long_tasks_ms": [duration for settled, duration in tasks if settled],
        "while_settling_ms": [duration for settled, duration in tasks if not settled],
        "frames_per_s": (ended["drawn"] - begun["drawn"]) / seconds,
        "seconds": seconds,
    }


def _of_trace(events: list[dict[str, Any]]) -> dict[str, float]:
    """Return what the tasks of the page's main thread took of a processor, ms, and their creep."""
    named = [one for one in events if one.get("name") == "thread_name"]
    threads = {(one["pid"], one["tid"]): one["args"]["name"] for one in named}
    tasks = [
        (one["ts"], 1e-3 * one.get("tdur", 0))
        for one in events
        if one.get("name", "").endswith("RunTask")
        and threads.get((one["pid"], one["tid"])) == "CrRendererMain"
    ]
    if not tasks:
        raise UserError("The browser's trace holds nothing of the page; is it another Chromium?")
    began, took_ms = np.array(sorted(tasks)).T
    place = (began - began[0]) / max(began[-1] - began[0], 1.0)
    first, last = took_ms[place < FIFTH].sum(), took_ms[place > 1.0 - FIFTH].sum()
    return {
        "longest_task_ms": float(took_ms.max()),
        "busy_ms": float(took_ms.sum()),
        "creep": float(last / first),
    }
