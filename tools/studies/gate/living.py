"""One person's session: every decision of the gate beside what is true."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from daemon.assembly.calibrator import build_calibrator, delays
from pipeline.calibrate.calibrator import Calibrator
from pipeline.model.arithmetic import set_up_arithmetic
from pipeline.timebase.rows import PairedRows
from pipeline.update import Update
from tools.studies.gate.people import known, one, scene
from tools.studies.gate.rules import follow
from tools.studies.gate.truth import Truth

NOTABLE = 0.02
"""Sets whose true errors differ by less than this share are as good as each other."""
_ROWS = 100
"""Rows that come at once."""


@dataclass(frozen=True)
class Decision:
    """What an update decided, and the true errors, as shares of the variance."""

    t: float
    """s since the session began."""
    result: str
    adopted: bool
    before: float
    """Of the set in force before."""
    candidate: float | None
    """None where there was none."""
    seconds: float
    """Time that the update took."""

    @property
    def after(self) -> float:
        """Of the set in force after."""
        return self.before if self.candidate is None or not self.adopted else self.candidate

    @property
    def better(self) -> bool:
        """Whether the candidate was notably better than the set in force."""
        return self.candidate is not None and self.candidate < (1.0 - NOTABLE) * self.before

    @property
    def worse(self) -> bool:
        """Whether it was notably worse; what is no number is."""
        return self.candidate is not None and not self.candidate <= (1.0 + NOTABLE) * self.before

    @property
    def wrongly_refused(self) -> bool:
        """Whether a candidate that was better was not put in force."""
        return self.better and not self.adopted

    @property
    def wrongly_accepted(self) -> bool:
        """Whether a candidate that was worse was put in force."""
        return self.worse and self.adopted


def decisions(
    name: str, rule: str, seconds: float, cache: Path | None, seed: int
) -> list[Decision]:
    """Let a person of a scene move and the calibrator learn by a rule; return what it decided."""
    set_up_arithmetic(1)
    config = scene(name, seed)
    start, person = known(config), one(config, seconds, cache and cache / name)
    truth = Truth(config, person.evaluation, delays(config, start))
    calibrator = build_calibrator(config, start)
    follow(rule, calibrator)
    in_force, found = start, []
    for update in _updates(calibrator, person.rows):
        tried = update.candidate
        found.append(
            Decision(
                t=update.t,
                result=update.result,
                adopted=update.adopted,
                before=truth.error(in_force, update.t),
                candidate=None if tried is None else truth.error(tried, update.t),
                seconds=update.seconds,
            )
        )
        in_force = update.subject
    return found


def _updates(calibrator: Calibrator, rows: PairedRows) -> Iterator[Update]:
    for start in range(0, len(rows.t), _ROWS):
        calibrator.add(rows.part(slice(start, start + _ROWS)))
        if calibrator.due():
            yield calibrator.update()
