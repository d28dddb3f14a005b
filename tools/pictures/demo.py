"""A demo that runs for its pictures: the command as a person types it, on ports of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import tomlkit

from daemon.bench.latency.setup import free_port
from daemon.config import config_path, load_config

_ENDS_WITHIN_S = 30.0


@dataclass(frozen=True)
class Scene:
    """A demo under way.

    Parameters
    ----------
    config
        File of its set-up.
    published, control
        Addresses of its messages and of its commands.
    """

    config: Path
    published: str
    control: str


@contextmanager
def running_demo(name: str) -> Iterator[Scene]:
    """Run `hillstream demo` on a shipped set-up, apart from all other streams of the network."""
    with TemporaryDirectory(prefix="hillstream-pictures-") as folder:
        scene = _scene(name, Path(folder))
        command = [sys.executable, "-m", "daemon.cli", "demo", str(scene.config)]
        process = subprocess.Popen(
            [*command, "--headless", "--no-session", "--seconds", "900"],
            env={**os.environ, "LSLAPICFG": str(_own_network(Path(folder)))},
            stdout=subprocess.DEVNULL,
        )
        try:
            yield scene
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(_ENDS_WITHIN_S)


def _scene(name: str, folder: Path) -> Scene:
    document = tomlkit.parse(config_path(name).read_text(encoding="utf-8")).unwrap()
    addresses = [f"tcp://127.0.0.1:{free_port()}" for _ in range(2)]
    document["model"]["file"] = str(load_config(name).model.file)
    document.setdefault("output", {})["zmq"] = addresses[0]
    document.setdefault("control", {})["address"] = addresses[1]
    file = folder / f"{name}.toml"
    file.write_text(tomlkit.dumps(document), encoding="utf-8")
    return Scene(file, *addresses)


def _own_network(folder: Path) -> Path:
    """Return a configuration of liblsl whose session no other program has."""
    file = folder / "lsl_api.cfg"
    file.write_text(
        f"[multicast]\nResolveScope = link\n[lab]\nSessionID = {uuid.uuid4().hex}\n"
        "[log]\nlevel = -2\n",
        encoding="utf-8",
    )
    return file
