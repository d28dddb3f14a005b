"""The latency with a real-time priority and without."""

from __future__ import annotations

from daemon.bench.footprint.figures import Figure, Given, Part
from daemon.bench.latency.measure import WANTED_MS, WANTED_WITHOUT_MS, measure, slowest
from daemon.bench.latency.setup import Size
from daemon.bench.watch import Progress, part_of

SIZE = Size(16, 16)
PRIORITY = 50
RUNS = {
    f"priority {PRIORITY}": (PRIORITY, WANTED_MS),
    "no priority": (0, WANTED_WITHOUT_MS),
}


def latency(given: Given, on_progress: Progress) -> Part:
    """Measure from EMG sample to moment, as ``hillstream bench latency``."""
    figures, details = [], {}
    for number, (name, (priority, wanted)) in enumerate(RUNS.items()):
        tell = part_of(on_progress, number, len(RUNS))
        run = details[name] = measure(SIZE, given.seconds, {"priority": priority}, tell)
        figures += [
            Figure(
                f"latency {quantile}, {name}",
                run["latency_ms"][quantile],
                "ms",
                target,
                in_the_way=f"most of it is {slowest(run['stages_ms'], quantile)}",
            )
            for quantile, target in wanted.items()
        ]
        missed = run["ticks"]["missed"]
        lost = f"{run['ticks']['lost_on_the_way']} of them were lost on the way"
        figures.append(Figure(f"ticks missed, {name}", missed, "", 0, in_the_way=lost))
    return Part(figures, details)
