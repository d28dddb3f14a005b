"""Walking without equipment: the shipped leg, simulated, on the network and in a file."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from daemon.bench.latency.setup import MVC_V, free_port
from daemon.bench.running import beside
from daemon.config import Config, load_config
from daemon.processes.nursery import Nursery
from daemon.processes.signs import Stop
from daemon.processes.worker import Worker
from daemon.simulation.lab import Lab
from daemon.simulation.play import play_recording
from daemon.simulation.sensors.electrodes import EMG_RATE_HZ
from pipeline.streams.recordings.load import load_recording
from pipeline.streams.recordings.recording import Recording

CYCLE_S = 1.2
"""Length of a gait cycle."""
NOISE = 0.005
"""Of an envelope, of full excitation."""
MORE_MUSCLES = (
    "iliacus_r",
    "psoas_r",
    "glut_max1_r",
    "glut_max2_r",
    "glut_max3_r",
    "glut_med1_r",
    "glut_med3_r",
    "sar_r",
    "tfl_r",
    "grac_r",
)
"""Muscles without an electrode that make those with one 22: the larger ones of the hip."""


def walking(folder: Path) -> Config:
    """Return the shipped set-up with streams and addresses of its own."""
    own = f"hillstream-bench-{uuid.uuid4().hex[:8]}"
    content = load_config("walking").model_dump(by_alias=True, exclude_defaults=True)
    for key, stream in content["streams"].items():
        stream["name"] = f"{own}-{key}"
    content["output"] = {"zmq": f"tcp://127.0.0.1:{free_port()}", "lsl_name": own}
    content["control"] = {"address": f"ipc://{folder}/control"}
    content["session"] = {"file": folder / "session.db"}
    return Config.model_validate(content)


def with_22_muscles(config: Config) -> Config:
    """Return a walking set-up whose model has 22 muscles."""
    muscles = [*config.model.muscles, *MORE_MUSCLES]
    model = config.model.model_copy(update={"use_muscles": muscles})
    return config.model_copy(update={"model": model})


def write_walking(file: Path, seconds: float) -> None:
    """Write a recording of the simulated person's leg, as the shipped set-up takes it.

    EMG is the excitation itself with some noise, without which a channel would be found to be flat,
    at the rate of the angles; every `CYCLE_S` counts as a cycle.
    The leg makes the simulated person's reaching movements: enough for times, none of a gait.
    """
    lab = Lab(_simulated(load_config("walking")))
    blocks = [lab.block(1000) for _ in range(round(seconds))]
    angles = lab.config.streams.angles
    excitation = np.concatenate([block.truth.excitation for block in blocks])
    every = round(EMG_RATE_HZ / angles.rate_hz)
    envelope = excitation.reshape(-1, every, excitation.shape[1]).mean(axis=1)
    noise = np.abs(np.random.default_rng(1).normal(0.0, NOISE, envelope.shape))
    time = np.concatenate([block.angles.t for block in blocks])
    content = {
        "time": time,
        "fs": np.array(angles.rate_hz),
        "emg": envelope + noise,
        "emg_names": np.array(lab.config.streams.emg.channels),
        "unit": np.array("1"),
        "q": np.concatenate([block.angles.x for block in blocks]),
        "moment": np.concatenate([block.moments.x for block in blocks]),
        "dof_names": np.array(angles.channels),
        "cycle_starts": np.arange(0, len(time), round(CYCLE_S * angles.rate_hz)),
    }
    np.savez(file, allow_pickle=False, **content)


def _simulated(config: Config) -> Config:
    """Return the set-up with raw EMG, which is what the simulated person's electrodes give."""
    content = config.model_dump(by_alias=True, exclude_defaults=True)
    content["streams"]["emg"] |= {"rate_hz": EMG_RATE_HZ, "unit": "V"}
    content["envelope"] = {"mvc": dict.fromkeys(config.streams.emg.channels, MVC_V)}
    content["model"]["use_muscles"] = "driven"
    return Config.model_validate(content)


@contextmanager
def played(file: Path, config: Config) -> Iterator[None]:
    """Send a recording over LSL, in a process of its own that is at work when the block begins."""
    with Nursery() as nursery:
        player = Worker(nursery, "player", f"{__name__}:play")
        player.start(file, config)
        with beside(player):
            yield


def play(file: Path, config: Config, stop: Stop) -> None:
    """Send a recording of walking over LSL, over and over, until told to stop.

    Parameters
    ----------
    file
        The recording.
    config
        The set-up, whose streams' names it takes.
    stop
        Tells when to end, and is told once the streams are there.
    """
    recording = load_recording(file)
    streams = {key: recording.streams[key] for key in ("emg", "angles", "moments")}
    ended, begun = threading.Event(), threading.Event()

    def look(_: float) -> None:
        if not begun.is_set():
            begun.set()
            stop.announce_ready()
        if stop.requested():
            ended.set()

    prefix = (config.streams.emg.name or "").removesuffix("-emg")
    whole = Recording(recording.name, streams)
    play_recording(whole, prefix=prefix, loop=True, stop=ended, on_progress=look)
