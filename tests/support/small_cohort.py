"""Studies of a few small arms, as files."""

import copy
from pathlib import Path
from typing import Any

import tomlkit
from small_lab import SETUP, lab_in

from daemon.config import Config
from daemon.simulation.recording import write_recording

SECONDS = 9.0
LEARNT = ["2:3", "3:4", "5:6", "6:7"]
SCORE = "heldout_rmse_nm"


def write_setup(folder: Path) -> Path:
    """Write model and set-up of the small arm into a folder."""
    lab_in(folder)
    raw: dict[str, Any] = copy.deepcopy(SETUP)
    raw["model"] |= {"file": str(folder / "arm.json"), "electromechanical_delay_s": 0.06}
    raw["simulation"] |= {"electromechanical_delay_s": 0.06}
    file = folder / "arm.toml"
    file.write_text(tomlkit.dumps(raw))
    return file


def record(folder: Path, count: int) -> None:
    """Record as many people; they are the P0, P1 ... of a table."""
    make = lab_in(folder)
    for seed in range(count):
        config: Config = make(simulation={"seed": seed, "strength": {"biceps": 1.0 + 0.1 * seed}})
        write_recording(config, SECONDS, folder / f"P{seed}.npz")


def write_table(folder: Path, recordings: dict[str, str], name: str = "people.csv") -> None:
    """Write a table of recordings by person; every second one is of the other group."""
    lines = [
        f"{person},{'ab'[place % 2]},{recording}"
        for place, (person, recording) in enumerate(recordings.items())
    ]
    (folder / name).write_text("\n".join(["who,group,file", *lines]) + "\n")


def write_study(folder: Path, name: str = "study", **sections: Any) -> Path:
    """Write a study of the people of a folder, with keys or sections changed."""
    raw: dict[str, Any] = {
        "title": "Small arms",
        "table": "people.csv",
        "setups": "arm.toml",
        "output": f"{name}-out",
        "columns": {"person": "who", "recording": "file", "group": "group"},
        "calibrate": {"seconds": LEARNT},
    }
    for key, value in sections.items():
        raw[key] = raw.get(key, {}) | value if isinstance(value, dict) else value
    file = folder / f"{name}.toml"
    file.write_text(tomlkit.dumps(raw))
    return file
