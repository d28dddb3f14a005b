"""The report's words on a person who tires: ``python -m tools.studies.fatigue``.

Three sessions of the simulated arm at full speed, through the commands `simulate`, `score` and
`report`: two muscles tire, none tires, and one electrode gives more. `docs/fatigue.md` tells what
they show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from daemon.config import Config, FatigueConfig, GainChangeConfig, load_config
from daemon.offline.score import score_file
from daemon.report.fatigue import FatigueVerdict, Kind, assess
from daemon.report.material import load
from daemon.simulation.recording import write_recording
from daemon.terminal.command import Command
from daemon.terminal.console import json_option, say, write_json

CONFIG = "tiring-arm"
GAIN_CHANGE = GainChangeConfig(channel="TRIlong", at_s=180.0, factor=1.4)


@dataclass(frozen=True)
class Run:
    """A session to simulate."""

    name: str
    fatigue: Sequence[FatigueConfig]
    gain_change: Sequence[GainChangeConfig]

    def config(self, config: Config, seed: int) -> Config:
        """Return the set-up of this session."""
        changes = {
            "seed": seed,
            "fatigue": list(self.fatigue),
            "gain_change": list(self.gain_change),
        }
        simulation = config.simulation.model_copy(update=changes)
        return config.model_copy(update={"simulation": simulation})

    def verdicts(self, config: Config, seconds: float, folder: Path) -> list[FatigueVerdict]:
        """Simulate, score and judge the session."""
        recording, session = folder / f"{self.name}.npz", folder / f"{self.name}.db"
        write_recording(config, seconds, recording)
        score_file(load_config(CONFIG), recording, session)
        return assess(load(session).courses())


def flagged(verdicts: Sequence[FatigueVerdict], kind: Kind) -> list[str]:
    """Return the muscles of which that is said."""
    return [verdict.muscle for verdict in verdicts if verdict.kind is kind]


def figures(run: Run, verdicts: Sequence[FatigueVerdict]) -> dict[str, Any]:
    """Return what was found, beside the truth."""
    by_name = {verdict.muscle: verdict.evidence for verdict in verdicts}
    tired = []
    for truth in run.fatigue:
        evidence = by_name[truth.muscle]
        if evidence is None:
            continue
        change = evidence.strength.change
        tired.append(
            {
                "muscle": truth.muscle,
                "loss": -change.value,
                "interval": [-change.high, -change.low],
                "true_loss": truth.strength_loss,
                "onset_s": evidence.strength.onset[0],
                "true_onset_s": truth.start_s,
            }
        )
    return {
        "fatigue": flagged(verdicts, Kind.FATIGUE),
        "expected": sorted(truth.muscle for truth in run.fatigue),
        "electrode": flagged(verdicts, Kind.ELECTRODE),
        "not_identifiable": flagged(verdicts, Kind.NOT_IDENTIFIABLE),
        "tired": tired,
        "verdicts": [verdict.figures() for verdict in verdicts],
    }


def told(name: str, found: dict[str, Any]) -> str:
    """Return the lines of a session."""
    lines = [
        f"{name}: fatigue {_names(found['fatigue'])}, true {_names(found['expected'])}; "
        f"electrode {_names(found['electrode'])}; "
        f"not identifiable {_names(found['not_identifiable'])}"
    ]
    lines += [
        f"  {one['muscle']}: loss {one['loss']:.1%}, true {one['true_loss']:.0%}; "
        f"onset {one['onset_s']:.0f} s, true {one['true_onset_s']:.0f} s"
        for one in found["tired"]
    ]
    return "\n".join(lines)


def _names(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


@click.command(cls=Command)
@click.option("--seconds", default=360.0, show_default=True, help="Length of each session, s.")
@click.option("--seed", default=1, show_default=True, help="Seed of the simulated lab.")
@click.option("--muscles", help="Muscles that tire, with commas; by default the set-up's.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep recordings and sessions here.")
@json_option()
def main(
    seconds: float, seed: int, muscles: str | None, keep: Path | None, json_file: str | None
) -> None:
    """Simulate, score and judge three sessions: tiring, rested, and a gain that changes."""
    config = load_config(CONFIG)
    fatigue = config.simulation.fatigue
    if muscles:
        fatigue = [fatigue[0].model_copy(update={"muscle": name}) for name in muscles.split(",")]
    runs = (Run("tiring", fatigue, ()), Run("rested", (), ()), Run("gain", (), (GAIN_CHANGE,)))
    results = {}
    with TemporaryDirectory() as temporary:
        folder = keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for run in runs:
            verdicts = run.verdicts(run.config(config, seed), seconds, folder)
            results[run.name] = figures(run, verdicts)
            say(told(run.name, results[run.name]), json_file)
    write_json(json_file, results)


if __name__ == "__main__":
    main()
