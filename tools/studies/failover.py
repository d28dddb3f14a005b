"""The cost of electrodes that come off: ``python -m tools.studies.failover``.

The person of the shipped arm, moving by five synergies. First every channel in turn, at full speed:
it goes flat at 30 s and is back at 50 s. Then one of them live, over LSL and ZeroMQ, where the time
to the first status that names the channel is measured too. With ``--walking FILE`` the same at full
speed on recorded walking, from 20 to 30 s. Each run is made with failover and without.
docs/synergy.md has the figures.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from daemon.config import Config, ElectrodeOffConfig, load_config
from daemon.offline.score import score
from daemon.session.reader import open_session
from daemon.simulation.demo import demo
from daemon.simulation.recording import write_recording
from daemon.terminal.command import Command
from daemon.terminal.console import json_option, progress_bar, say, write_json
from pipeline.metrics import rms_of_known
from pipeline.output.message import StatusMessage
from pipeline.streams import clock
from pipeline.streams.recordings.load import load_recording

OFF_S, BACK_S, END_S = 30.0, 50.0, 60.0
"""When the electrode comes off, when it is back, and how long a run is, s of the lab's time."""
BEFORE, DURING, AFTER = (10.0, 30.0), (30.0, 50.0), (52.0, 60.0)
"""What is compared, s; the electrode needs a second to be valid again."""
WALKING = (10.0, 20.0), (20.0, 30.0), (32.0, 36.0)
"""The same in recorded walking."""
WALKING_CHANNELS = ("soleus_r", "med_gas_r", "tib_ant_r", "vas_lat_r", "semimem_r")
WALKING_JOINTS = ("knee_angle_r", "ankle_angle_r")
SYNERGIES = 5

Array = NDArray[np.float64]
Span = tuple[float, float]
Spans = tuple[Span, Span, Span]


def person(channel: str, seed: int, fault: str) -> Config:
    """Return the set-up of a person who loses an electrode."""
    config = load_config("arm")
    off = ElectrodeOffConfig.model_validate(
        {"channel": channel, "at_s": OFF_S, "until_s": BACK_S, "fault": fault}
    )
    changes = {"synergies": SYNERGIES, "electrode_off": [off], "seed": seed}
    simulation = config.simulation.model_copy(update=changes)
    return config.model_copy(update={"simulation": simulation})


def without_failover(config: Config) -> Config:
    """Return the same set-up with failover switched off."""
    return config.model_copy(
        update={"failover": config.failover.model_copy(update={"enabled": False})}
    )


def at_full_speed(
    config: Config, path: Path, joints: Sequence[str], spans: Spans = (BEFORE, DURING, AFTER)
) -> dict[str, Any]:
    """Return the errors of a recording of `config`, with failover and without."""
    recording = load_recording(path)
    found: dict[str, Any] = {}
    for name, one in (("with", config), ("without", without_failover(config))):
        result = score(one, recording)
        seconds: Any = result["rmse"]
        error = np.array([seconds[joint] for joint in joints], dtype=np.float64)
        middle = np.asarray(np.arange(error.shape[1]) + 0.5, dtype=np.float64)
        found[name] = _compared(middle, error.T, spans) | {"nonfinite": result["nonfinite"]}
    return found


def stuck(recording: Path, channel: str, path: Path) -> None:
    """Write a recording in which a channel stands still for a while."""
    with np.load(recording, allow_pickle=False) as archive:
        content = dict(archive)
    t = content["emg_time" if "emg_time" in content else "time"]
    off = (t - t[0] >= WALKING[1][0]) & (t - t[0] < WALKING[1][1])
    column = content["emg_names"].tolist().index(channel)
    content["emg"][off, column] = content["emg"][np.argmax(off), column]
    np.savez(path, allow_pickle=False, **content)


def live(config: Config, path: Path) -> dict[str, Any]:
    """Return what a live run shows, with failover and without."""
    found: dict[str, Any] = {}
    for name, one in (("with", config), ("without", without_failover(config))):
        session = one.session.model_copy(update={"file": path / f"{name}.db"})
        found[name] = _lived(one.model_copy(update={"session": session}))
    return found


def _lived(config: Config) -> dict[str, Any]:
    channel = config.simulation.electrode_off[0].channel
    told: list[tuple[float, bool]] = []
    emg = _FlatSamples(config, config.streams.emg.channels.index(channel))

    def hear(status: StatusMessage) -> None:
        named = channel in status.channels
        if not told or told[-1][1] != named:
            told.append((clock.now(), named))

    thread = threading.Thread(target=emg.watch, daemon=True)
    thread.start()
    result = demo(config, Path("arm"), seconds=END_S, stop=threading.Event(), on_status=hear)
    emg.end()
    thread.join()
    with open_session(Path(str(result["session"]))) as database:
        rows = database.execute(
            "SELECT t, predicted - reference FROM moment WHERE reference IS NOT NULL ORDER BY t"
        )
        t, error = np.array(rows.fetchall(), dtype=np.float64).T
    named = next((at for at, is_named in told if is_named), None)
    return _compared(t - (emg.first - OFF_S), error[:, None]) | {
        "named_after_ms": None if named is None else 1e3 * (named - emg.first),
        "back": bool(told) and not told[-1][1],
        "ticks": [result["ticks_expected"], result["ticks_published"]],
        "nonfinite": result["nonfinite"],
    }


class _FlatSamples:
    """Hears the EMG beside the daemon, to know when a channel goes flat on the common clock."""

    def __init__(self, config: Config, column: int) -> None:
        self._name = config.streams.emg.name
        self._column = column
        self._end = threading.Event()
        self.first = np.nan
        """Stamp of the first flat sample, s."""

    def watch(self) -> None:
        """Listen until `end`."""
        import pylsl

        found: list[pylsl.StreamInfo] = []
        while not found and not self._end.is_set():
            found = pylsl.resolve_byprop("name", self._name, timeout=1.0)
        inlet = pylsl.StreamInlet(found[0])
        while not self._end.is_set() and np.isnan(self.first):
            x, t = inlet.pull_chunk(timeout=0.2)
            flat = [stamp for row, stamp in zip(x, t, strict=True) if row[self._column] == 0.0]
            if flat:
                self.first = flat[0]
        inlet.close_stream()

    def end(self) -> None:
        """Let `watch` return."""
        self._end.set()


def _compared(t: Array, error: Array, spans: Spans = (BEFORE, DURING, AFTER)) -> dict[str, Any]:
    """Return the root mean square error before, during and after, N*m over all joints."""
    before, during, after = (rms_of_known(error[(t >= start) & (t < end)]) for start, end in spans)
    return {"before": before, "during": during, "after": after, "ratio": during / before}


def _line(name: str, found: dict[str, Any]) -> str:
    one, other = found["with"], found["without"]
    return (
        f"{name:<10} {one['before']:6.2f} {one['during']:7.2f} {one['ratio']:6.2f} "
        f"{one['after']:6.2f}   {other['during']:7.2f} {other['ratio']:6.2f}"
    )


HEADING = "channel    before  during  ratio  after   without: during  ratio   (RMSE, N*m)"


@click.command(cls=Command)
@click.option("--channel", default="DELT1", show_default=True, help="The one taken off live.")
@click.option("--fault", default="flat", show_default=True, help="flat, nan, saturated, loud, line")
@click.option("--seed", default=1, show_default=True, help="Seed of the simulated person.")
@click.option(
    "--walking", type=click.Path(path_type=Path, exists=True), help="A recording of walking, .npz."
)
@click.option("--only", type=click.Choice(["live", "full-speed", "walking"]), help="One part.")
@json_option()
def main(
    channel: str,
    fault: str,
    seed: int,
    walking: Path | None,
    only: str | None,
    json_file: str | None,
) -> None:
    """Take electrodes off the simulated person and compare the moments' errors."""
    found: dict[str, Any] = {}
    with TemporaryDirectory() as folder:
        if walking:
            found["walking"] = _in_walking(walking, Path(folder))
        if only is None or only == "full-speed":
            found["full_speed"] = _each_channel(Path(folder), seed, fault)
        if only is None or only == "live":
            found["live"] = live(person(channel, seed, fault), Path(folder))
            _tell_live(channel, found["live"])
    write_json(json_file, found)


def _each_channel(folder: Path, seed: int, fault: str) -> dict[str, Any]:
    found = {}
    say(HEADING)
    with progress_bar("Taking electrodes off") as progress:
        channels = load_config("arm").streams.emg.channels
        for i, channel in enumerate(channels):
            config, path = person(channel, seed, fault), folder / f"{channel}.npz"
            write_recording(config, END_S, path)
            found[channel] = at_full_speed(config, path, config.model.dofs)
            progress((i + 1) / len(channels))
            say(_line(channel, found[channel]))
    return found


def _in_walking(recording: Path, folder: Path) -> dict[str, Any]:
    found, config = {}, load_config("walking")
    say(HEADING)
    for channel in WALKING_CHANNELS:
        path = folder / f"{channel}.npz"
        stuck(recording, channel, path)
        found[channel] = at_full_speed(config, path, WALKING_JOINTS, WALKING)
        say(_line(channel, found[channel]))
    return found


def _tell_live(channel: str, found: dict[str, Any]) -> None:
    one = found["with"]
    say(HEADING)
    say(_line(channel, found))
    say(
        f"live: named after {one['named_after_ms']:.0f} ms, back in use: {one['back']}, "
        f"ticks {one['ticks'][1]} of {one['ticks'][0]}, not finite: {one['nonfinite']}"
    )


if __name__ == "__main__":
    main()
