"""The predictor's share of a processor, by set-up and by thread."""

from __future__ import annotations

from daemon.bench.footprint.figures import Figure, Given, Part, most
from daemon.bench.latency.measure import measure
from daemon.bench.latency.setup import Size
from daemon.bench.watch import Progress, part_of

PRIORITY = 50
"""A predictor that has to wait for its turn takes more samples at once, and looks cheap."""
SET_UPS = {
    "16 channels, 16 muscles, 200 Hz": (Size(16, 16), 25.0),
    "as the arm: 10 channels, 10 muscles, 100 Hz": (Size(10, 10, 100.0), 12.0),
    "64 channels, 43 muscles, 200 Hz": (Size(64, 43), 50.0),
}
"""Size, and the share that is wanted at most, %."""


def load(given: Given, on_progress: Progress) -> Part:
    """Measure the predictor's load, EMG at 1 kHz sample by sample, the calibrator always busy.

    With a real-time priority, where the system allows one.
    """
    figures, details = [], {}
    for number, (name, (size, target)) in enumerate(SET_UPS.items()):
        tell = part_of(on_progress, number, len(SET_UPS))
        run = details[name] = measure(size, given.seconds, {"priority": PRIORITY}, tell)
        figures.append(
            Figure(
                f"predictor, {name}",
                run["cpu_percent"]["predictor"],
                "% of a processor",
                target,
                in_the_way=most(run["predictor_threads_percent"], "%"),
            )
        )
    return Part(figures, details)
