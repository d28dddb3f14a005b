"""The bench of the cockpit: the daemon without it, with it, and with many who look."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from daemon.bench.footprint.figures import Figure, Part, most
from daemon.bench.latency.measure import machine
from daemon.bench.latency.setup import ALWAYS_BUSY, Size, bench_config
from daemon.bench.running import RunningDaemon, beside
from daemon.bench.watch import Progress, Watch
from daemon.bench.web.page import watch_page
from daemon.bench.web.shown import ShownDaemon
from daemon.config import Config
from daemon.processes.nursery import Nursery
from daemon.processes.worker import Worker

SIZE = Size(10, 10, 100.0)
"""As the arm: ten channels, four joints."""
MOST_OVER = 1.05
"""What the predictor may be slower with browsers than without."""
MOST_PERCENT = 40.0
MOST_MB = 150.0
LONGEST_TASK_MS = 50.0
MOST_CREEP = 1.1
"""What the page may take of a processor at the end, over that at the beginning."""


@dataclass(frozen=True)
class Run:
    """What one run came to; `web` and `browsers` are empty without a cockpit."""

    latency_ms: dict[str, float]
    expected: int
    missed: int
    cpu_percent: dict[str, float]
    web: dict[str, float]
    browsers: dict[str, list[int]]

    def result(self) -> dict[str, Any]:
        """Return it for the JSON."""
        return dict(vars(self))


def bench_web(
    browsers: int,
    seconds: float,
    page_minutes: float,
    on_progress: Callable[[str, float], None] = lambda part, done: None,
) -> dict[str, Any]:
    """Measure what the cockpit takes.

    Parameters
    ----------
    browsers
        How many look at most.
    seconds
        How long the daemon is measured without it, with one browser, and with all, s each.
    page_minutes
        How long a real browser shows the page, min; 0 for no real browser.
    on_progress
        Called with a part's name and the share of it that is done.

    Returns
    -------
    dict
        ``machine``, ``cores``, ``seconds``, ``browsers``, ``page_minutes``, ``parts`` {name:
        {figures, details}} and ``reached``, whether all figures are as wanted.

    Raises
    ------
    UserError
        If something of it does not run.
    """
    parts = {"daemon and server": _server(browsers, seconds, on_progress)}
    if page_minutes:
        parts["page"] = _page(60.0 * page_minutes, lambda done: on_progress("page", done))
    return {
        **machine(),
        "seconds": seconds,
        "browsers": browsers,
        "page_minutes": page_minutes,
        "parts": {name: part.result() for name, part in parts.items()},
        "reached": all(one.reached for part in parts.values() for one in part.figures),
    }


def _server(browsers: int, seconds: float, on_progress: Callable[[str, float], None]) -> Part:
    runs = {}
    for count in dict.fromkeys((0, 1, browsers)):
        name = f"{count} browsers" if count != 1 else "1 browser"
        runs[count] = _run(count, seconds, partial(on_progress, name))
    alone, one, many = runs[0], runs[1], runs[browsers]
    with_all = f"with {browsers} browsers"
    figures = [
        Figure(
            f"latency p99 {with_all}, over that without",
            many.latency_ms["p99"] / alone.latency_ms["p99"],
            "",
            MOST_OVER,
            in_the_way=f"{many.latency_ms['p99']:.3g} ms after {alone.latency_ms['p99']:.3g} ms",
        ),
        Figure(
            f"ticks missed {with_all}",
            many.missed,
            "",
            MOST_OVER * alone.missed,
            in_the_way=most(many.cpu_percent, "%"),
        ),
        Figure("server, one browser", one.web["percent"], "% of a processor", MOST_PERCENT),
        Figure("memory of the server, one browser", one.web["memory_mb"], "MB", MOST_MB),
        Figure(f"memory of the server {with_all}", many.web["memory_mb"], "MB", MOST_MB),
    ]
    return Part(figures, {str(count): run.result() for count, run in runs.items()})


def _run(browsers: int, seconds: float, on_progress: Progress) -> Run:
    """Run the daemon, with a cockpit where anybody is to look at it."""
    with _daemon(ALWAYS_BUSY) as at, ExitStack() as stack:
        heard = at.folder / "browsers.json"
        web = stack.enter_context(ShownDaemon(at.config, at.folder)) if browsers else None
        if web is not None:
            reader = Worker(at.nursery, "browsers", "daemon.bench.web.browsers:look")
            reader.start(web.live, browsers, heard)
            stack.enter_context(beside(reader))

        def tell(done: float) -> None:
            if web is not None:
                web.look()
            on_progress(done)

        watch = Watch(at.running, at.config.model.rate_hz, seconds, tell)
        watch.until_done()
        stack.close()
        latency = at.running.end()["stages_ms"]["total"]
        told = json.loads(heard.read_text(encoding="utf-8")) if web is not None else {}
    expected, published = watch.ticks
    took = {"percent": web.percent, "memory_mb": web.memory_mb} if web is not None else {}
    return Run(latency, expected, expected - published, watch.cpu_percent, took, told)


def _page(seconds: float, on_progress: Progress) -> Part:
    """Show the page in a real browser, beside a daemon that works as the arm's does.

    A calibrator without a pause and a browser without a graphics card want more than the two
    processors of a small machine.
    """
    with _daemon({}) as at, ShownDaemon(at.config, at.folder) as web:
        seen = watch_page(web.url, seconds, on_progress)
    by_clock = seen["long_tasks_ms"]
    longest, of_processor = max(by_clock, default=0.0), seen["longest_task_ms"]
    waited = f"{len(by_clock)} in all; the longest needed {of_processor:.0f} ms of a processor"
    name = "longest task of the page"
    figures = [
        Figure(f"{name}, processor time", of_processor, "ms", LONGEST_TASK_MS),
        Figure(f"{name}, by the clock", longest, "ms", LONGEST_TASK_MS, in_the_way=waited),
        Figure("work of the page, last fifth over the first", seen["creep"], "", MOST_CREEP),
    ]
    return Part(figures, seen)


@dataclass(frozen=True)
class _At:
    """A daemon at work."""

    config: Config
    folder: Path
    running: RunningDaemon
    nursery: Nursery


@contextmanager
def _daemon(calibrator: dict[str, object]) -> Iterator[_At]:
    """Run a daemon on streams that are sent sample by sample."""
    with TemporaryDirectory(prefix="hillstream-bench-") as name, Nursery() as nursery:
        folder = Path(name)
        config = bench_config(SIZE, folder, calibrator=calibrator)
        sender = Worker(nursery, "sender", "daemon.bench.latency.sender:send")
        sender.start(config, folder / "sent.json")
        with beside(sender), RunningDaemon(config, folder) as running:
            yield _At(config, folder, running, nursery)
