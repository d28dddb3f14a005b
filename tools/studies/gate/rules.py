"""Rules of the gate that are compared: what is shipped, and it without one of its parts."""

from __future__ import annotations

from dataclasses import replace

from pipeline.calibrate.calibrator import Calibrator
from pipeline.calibrate.gate import Rule

SHIPPED = "shipped"
RULES = {
    SHIPPED: Rule(),
    "newest-second": Rule(judged_s=1.0, averaged=1),
    "half-minute": Rule(averaged=1),
    "mean": Rule(judged_s=1.0),
    "never-back": Rule(tolerance=float("inf")),
}


def follow(name: str, calibrator: Calibrator) -> None:
    """Let a calibrator that has seen nothing yet go by a rule."""
    calibrator.settings = replace(calibrator.settings, rule=RULES[name])
    calibrator.forget()
