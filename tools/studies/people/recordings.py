"""What the simulated lab records of a person, kept so that it is made once for many trials."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from daemon.config import Config
from daemon.simulation.recording import write_recording
from pipeline.streams.recordings.load import load_recording
from pipeline.streams.recordings.recording import Recording


def recorded(config: Config, seconds: float, cache: Path | None) -> Recording:
    """Return the person's recording, from the folder `cache` where it is there already.

    A change of the program that simulates is not noticed: empty the folder then.
    """
    if cache is None:
        with TemporaryDirectory() as folder:
            return _made(config, seconds, Path(folder) / "person.npz")
    cache.mkdir(parents=True, exist_ok=True)
    path = cache / f"{config.simulation.seed}-{_digest(config, seconds)}.npz"
    return load_recording(path) if path.exists() else _made(config, seconds, path)


def _made(config: Config, seconds: float, path: Path) -> Recording:
    """Write the recording, whole or not at all: others may be looking for it meanwhile."""
    part = path.with_name(f".{os.getpid()}-{path.name}")
    write_recording(config, seconds, part)
    part.replace(path)
    return load_recording(path)


def _digest(config: Config, seconds: float) -> str:
    """Return a name for all that the lab goes by, and nothing that only the daemon does."""
    model, envelope = config.model, config.envelope
    used = {
        "seconds": seconds,
        "simulation": config.simulation.model_dump(mode="json"),
        "streams": config.streams.model_dump(mode="json"),
        "model": model.file.read_text(encoding="utf-8"),
        "muscles": model.muscles,
        "fixed": model.fixed_angles_rad,
        "mvc": envelope.mvc,
        "band": (envelope.band_hz, envelope.band_order),
    }
    return hashlib.sha256(json.dumps(used).encode()).hexdigest()[:12]
