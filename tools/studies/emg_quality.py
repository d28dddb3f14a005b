"""What the limits of EMG quality are chosen by: ``python -m tools.studies.emg_quality``.

The shipped arm as other people with clean electrodes, more noise, hum, movement artefact and
crosstalk, and with ``--recording FILE.npz`` recorded EMG beside them. Each line has the smallest
and the largest number of the channels that are meant. docs/quality.md has the figures.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from daemon.config import Config, load_config
from daemon.report.quality.electrodes import Numbers, numbers_of
from daemon.report.quality.records import EmgRecord
from daemon.simulation.lab import Lab
from daemon.simulation.sensors.electrodes import EMG_RATE_HZ
from daemon.terminal.console import console_for, json_option, progress_bar, say, write_json
from daemon.terminal.table import table
from pipeline.emg.quality import signal_quality
from pipeline.emg.spectrum import spectrum

Array = NDArray[np.float64]
Changes = dict[str, Any]

TROUBLED, OTHER = "BRD", "BRA"
"""The electrode that something is wrong with, and the one beside it."""


def conditions() -> dict[str, tuple[Changes, Sequence[str] | None]]:
    """Return settings of the lab, and whose numbers are meant; all channels' where None."""
    found: dict[str, tuple[Changes, Sequence[str] | None]] = {"clean": ({}, None)}
    for volts in (2e-5, 5e-5, 1e-4):
        found[f"noise {1e6 * volts:.0f} uV"] = ({"emg_noise_v": volts}, None)
    for volts in (2e-5, 5e-5, 1e-4):
        found[f"hum {1e6 * volts:.0f} uV"] = ({"hum_v": volts}, None)
    for volts in (2e-5, 5e-5, 1e-4):
        swing = [{"channel": TROUBLED, "rms_v": volts}]
        found[f"artefact {1e6 * volts:.0f} uV"] = ({"motion_artefact": swing}, (TROUBLED,))
    for share in (0.2, 0.4, 0.7, 1.0):
        heard = [{"channel": TROUBLED, "of": OTHER, "share": share}]
        found[f"crosstalk {share:g}"] = ({"crosstalk": heard}, (TROUBLED,))
    return found


def changed(config: Config, changes: Changes, seed: int) -> Config:
    """Return the set-up with another lab."""
    told = {**config.simulation.model_dump(), **changes, "seed": seed}
    return config.model_copy(update={"simulation": type(config.simulation).model_validate(told)})


def qualities(x: Array, rate_hz: float, channels: Sequence[str]) -> dict[str, Numbers]:
    """Return each channel's numbers over raw EMG in V, shape [time, channel]."""
    size = round(rate_hz)
    blocks = [x[start : start + size] for start in range(0, len(x) - size + 1, size)]
    seconds = [(spectrum(one, rate_hz)[0], signal_quality(one, rate_hz)) for one in blocks]
    return {
        name: numbers_of(
            EmgRecord(
                tuple(channels[found.common_with[place]] for _, found in seconds),
                np.array([amplitude[place] for amplitude, _ in seconds]),
                *(np.array([found[i][place] for _, found in seconds]) for i in range(5)),
            )
        )
        for place, name in enumerate(channels)
    }


def simulated(changes: Changes, seeds: Sequence[int], seconds: int) -> list[dict[str, Numbers]]:
    """Return the numbers of each person."""
    config = load_config("arm")
    channels = config.streams.emg.channels
    people = []
    for seed in seeds:
        lab = Lab(changed(config, changes, seed))
        x = np.concatenate([lab.block(1000).emg.x for _ in range(seconds)])
        people.append(qualities(x, EMG_RATE_HZ, channels))
    return people


def recorded(path: Path) -> list[dict[str, Numbers]]:
    """Return the numbers of a recording with ``emg``, ``names`` and ``fs``."""
    with np.load(path, allow_pickle=False) as archive:
        emg, names = archive["emg"], archive["names"].tolist()
        return [qualities(emg, float(archive["fs"]), names)]


def row(name: str, people: Sequence[dict[str, Numbers]], meant: Sequence[str] | None) -> list[str]:
    """Return a condition as a line of the table: the smallest and the largest number."""
    chosen = [one[channel] for one in people for channel in meant or one]
    cells = [name]
    for key, factor in (
        ("snr_db", 1.0),
        ("line_share", 100.0),
        ("motion_share", 100.0),
        ("common_share", 100.0),
    ):
        values = factor * np.array([getattr(one, key) for one in chosen], dtype=np.float64)
        cells.append(f"{values.min():.1f} to {values.max():.1f}")
    return cells


def cost_s(rate_hz: float, channels: int) -> tuple[float, float]:
    """Return what a second of EMG takes: the spectrum, and the quality beside it, s."""
    x = np.random.default_rng(0).standard_normal((round(rate_hz), channels))
    times = []
    for job in (spectrum, signal_quality):
        laps = []
        for _ in range(50):
            started = time.process_time()
            job(x, rate_hz)
            laps.append(time.process_time() - started)
        times.append(float(np.median(laps)))
    return times[0], times[1]


@click.command()
@click.option("--seed", default=100, show_default=True, help="First person.")
@click.option("--people", default=4, show_default=True)
@click.option("--seconds", default=20, show_default=True)
@click.option("--recording", type=click.Path(path_type=Path, exists=True))
@json_option()
def main(
    seed: int, people: int, seconds: int, recording: Path | None, json_file: str | None
) -> None:
    """Print what each trouble does to the numbers."""
    seeds, found = range(seed, seed + people), {}
    with progress_bar("simulating") as on_progress:
        for done, (name, (changes, meant)) in enumerate(conditions().items()):
            on_progress(done / len(conditions()))
            found[name] = row(name, simulated(changes, seeds, seconds), meant)
    if recording is not None:
        found[recording.stem] = row(recording.stem, recorded(recording), None)
    heads = ("SNR, dB", "hum, %", "artefact, %", "in common, %")
    console_for(json_file).print(table([""], heads, found.values()))
    for rate_hz, channels in ((1000.0, 10), (2000.0, 16)):
        before, more = cost_s(rate_hz, channels)
        say(
            f"A second of {channels} channels at {rate_hz:g} Hz: spectrum {1e3 * before:.2f} ms, "
            f"quality {1e3 * more:.2f} ms.",
            json_file,
        )
    write_json(json_file, {name: cells[1:] for name, cells in found.items()})


if __name__ == "__main__":
    main()
