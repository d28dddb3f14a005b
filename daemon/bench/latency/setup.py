"""Set-ups of any size to measure on: the arm, with as many channels and muscles as wanted."""

from __future__ import annotations

import json
import socket
import uuid
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from daemon.config import Config, load_config
from pipeline.geometry import FORMAT, ModelFile, load_model

EMG_RATE_HZ = 1000
MODEL_RATE_HZ = 200
MVC_V = 4e-4
ALWAYS_BUSY: dict[str, object] = {"stride_s": 0.1, "steps": 50}
"""Settings of a calibrator that has no sooner ended an update than it begins the next."""


@dataclass(frozen=True)
class Size:
    """How much there is to compute."""

    channels: int
    """EMG channels at 1 kHz."""
    muscles: int
    rate_hz: float = MODEL_RATE_HZ
    """Of the model."""


def bench_config(
    size: Size,
    folder: Path,
    realtime: dict[str, object] | None = None,
    calibrator: dict[str, object] = ALWAYS_BUSY,
) -> Config:
    """Return a set-up of the wanted size with streams and addresses of its own.

    Parameters
    ----------
    size
        How many channels and muscles.
    folder
        Where its model file, its session and its control port go.
    realtime
        The section ``realtime``; by default the defaults.
    calibrator
        Keys of the section ``calibrator`` in place of the arm's.
    """
    arm = load_config("arm")
    model = _resized(load_model(arm.model.file), size.muscles)
    file = folder / "model.json"
    file.write_text(json.dumps({"format": FORMAT, **asdict(model)}), encoding="utf-8")
    channels = [f"EMG {i + 1}" for i in range(size.channels)]
    own = f"hillstream-bench-{uuid.uuid4().hex[:8]}"
    content = arm.model_dump(exclude={"simulation"})
    for key, stream in content["streams"].items():
        if isinstance(stream, dict):
            stream["name"] = f"{own}-{key}"
    content["title"] = f"{size.channels} channels, {size.muscles} muscles"
    content["streams"]["emg"] |= {"rate_hz": EMG_RATE_HZ, "channels": channels}
    content["envelope"]["mvc"] = dict.fromkeys(channels, MVC_V)
    content["model"] |= {
        "file": file,
        "rate_hz": size.rate_hz,
        "muscles": _mapping(model.muscle_names, channels),
    }
    content["calibrator"] |= calibrator
    content["output"] |= {"zmq": f"tcp://127.0.0.1:{free_port()}", "lsl_name": own}
    content["control"]["address"] = f"ipc://{folder}/control"
    content["session"]["file"] = folder / "session.db"
    content["realtime"] = realtime or {}
    return Config.model_validate(content)


def _resized(model: ModelFile, count: int) -> ModelFile:
    """Return a model of `count` muscles: the first ones, or copies that share the force."""
    n = len(model.muscles)
    copies = [1 + (count - 1 - i) // n for i in range(n)]
    muscles = tuple(
        replace(
            model.muscles[i % n],
            name=f"{model.muscles[i % n].name} {1 + i // n}",
            max_isometric_force_n=model.muscles[i % n].max_isometric_force_n / copies[i % n],
        )
        for i in range(count)
    )
    return replace(model, name=f"{count} muscles made of {model.name}", muscles=muscles)


def _mapping(muscles: tuple[str, ...], channels: list[str]) -> dict[str, list[str]]:
    """Deal the channels out over the muscles; where there are too few, muscles share them."""
    return {
        muscle: channels[i :: len(muscles)] or [channels[i % len(channels)]]
        for i, muscle in enumerate(muscles)
    }


def free_port() -> int:
    """Return a port of this machine that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
