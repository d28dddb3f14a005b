"""What a recording changes in a set-up's file, and what is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daemon.config import Config
from daemon.config.edit import Changes, Value
from daemon.guidance.findings import Findings
from daemon.live.mvc import FALLEN
from pipeline.emg.levels import HIGHEST_REST
from pipeline.errors import UserError

_DIGITS = 4  # significant ones in the file; no electrode is as good


@dataclass
class Outcome:
    """Old and new levels.

    Parameters
    ----------
    old, mvc
        MVC by channel before and now, in V (1 for ready envelopes); `mvc` has what is new only.
    baseline
        New resting level as the configuration takes it; None where it stays.
    warnings
        A sentence each.
    adopted
        Whether a running daemon has taken the values.
    """

    old: dict[str, float]
    mvc: dict[str, float]
    baseline: str | dict[str, float] | None = None
    warnings: list[str] = field(default_factory=list)
    adopted: bool = False

    @property
    def fallen(self) -> list[str]:
        """Channels whose new MVC is below half of the old."""
        return [n for n, new in self.mvc.items() if n in self.old and new < FALLEN * self.old[n]]

    def changes(self, config: Config) -> dict[tuple[str, ...], Value]:
        """Return the keys that change in the file of `config`."""
        changed: dict[tuple[str, ...], Value] = {
            ("envelope", "mvc", name): _rounded(value) for name, value in self.mvc.items()
        }
        if self.mvc and not self.left_as_they_were(config):
            changed["envelope", "scaled_to"] = "mvc"
        if isinstance(self.baseline, str):
            changed["envelope", "baseline"] = self.baseline
        elif self.baseline is not None:
            levels = {name: _rounded(value) for name, value in self.baseline.items()}
            changed["envelope", "baseline"] = levels
        return changed

    def left_as_they_were(self, config: Config) -> list[str]:
        """Return the driving channels that are scaled to no MVC even now.

        While there are any, `envelope.scaled_to` says what it said before.
        """
        if config.envelope.scaled_to == "mvc":
            return []
        return [name for name in config.driving_channels if name not in self.mvc]

    def told(self, **more: object) -> dict[str, Any]:
        """Return it for a program."""
        return {
            "mvc": self.mvc,
            "before": {name: self.old.get(name) for name in self.mvc},
            "fallen": self.fallen,
            "baseline": self.baseline,
            "warnings": self.warnings,
            **more,
        }


def outcome_of(config: Config, found: Findings, *, with_baseline: bool) -> Outcome:
    """Return what a recording without a daemon changes."""
    old = dict(config.envelope.mvc)
    outcome = Outcome(old, found.mvc, warnings=list(found.warnings))
    if with_baseline and found.rest:
        level, loud = found.baseline(old | found.mvc)
        before = config.envelope.baseline
        kept = {} if isinstance(before, str) else {n: before[n] for n in loud if n in before}
        outcome.baseline = level | kept
        if loud:
            outcome.warnings.append(
                f"{', '.join(loud)} was above {HIGHEST_REST:.0%} of MVC at rest, so was not at "
                f"rest; {'its resting level stays' if kept else 'nothing is taken off there'}."
            )
    return outcome


def paths_from_elsewhere(config: Config, file: Path, target: Path) -> Changes:
    """Return the paths that a copy in another folder has to say anew; none in the same folder.

    Raises
    ------
    UserError
        If the file names more files than model, subject and skeleton.
    """
    if target.resolve().parent == file.resolve().parent:
        return {}
    streams = [getattr(config.streams, key) for key in config.streams.roles]
    security = config.security
    if (
        any(stream is not None and stream.server_key for stream in streams)
        or (security.server_key or security.data_clients or security.control_clients)
        or config.recording != type(config.recording)()
    ):
        raise UserError(
            f"-o: '{target}' is not in the folder of {file}, which names keys or recordings "
            "relative to itself; give a file in that folder."
        )
    changed: dict[tuple[str, ...], Value] = {("model", "file"): str(config.model.file.resolve())}
    if config.model.subject:
        changed["model", "subject"] = str(config.model.subject.resolve())
    if config.skeleton:
        changed["skeleton", "file"] = str(config.skeleton.file.resolve())
    return changed


def shown_rows(outcome: Outcome, names: list[str]) -> list[tuple[str, str, str, str]]:
    """Return a row per channel: name, old and new MVC, and the ratio."""
    return [_row(name, outcome.old.get(name), outcome.mvc.get(name)) for name in names]


def _row(name: str, old: float | None, new: float | None) -> tuple[str, str, str, str]:
    ratio = f"{new / old:.0%}" if new and old else ""
    return name, _number(old), _number(new), ratio if new else "kept"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def told_levels(data: Mapping[str, Any], name: str) -> dict[str, float]:
    """Return levels by channel in a daemon's answer; none where there are not any."""
    return {str(key): float(value) for key, value in dict(data.get(name, {})).items()}
