"""A simulated lab, a daemon that hears it through proxies, and a controller that hears that."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

import click

from daemon.bench.latency.setup import free_port
from daemon.config import load_config
from daemon.host.machine import family, process_s
from daemon.processes.nursery import Nursery
from daemon.processes.worker import Worker
from daemon.simulation.demo import LAB
from pipeline.output.message import Status
from pipeline.streams import clock
from tools.robustness.faults.controller import Controller
from tools.robustness.faults.proxy import Proxy, Spoil, untouched

ROOT = Path(__file__).resolve().parents[3]
KEYS = ("emg", "angles", "moments")
RATE_HZ = 100.0
"""Of the moments in the set-up that is used."""
WELL = Status.NOMINAL.sentence
TRUST = "trust_generic = true\n"
"""Moments are ok from the start, so that `ok` tells of the fault alone."""
PATIENCE_S = 150.0
STOP_S = 30.0

Transport = Literal["zmq", "lsl"]


class Scene:
    """Everything a fault needs; a context manager.

    Parameters
    ----------
    folder
        For set-ups, sockets, the session and the daemon's log.
    transport
        How the streams travel; only ZeroMQ goes through proxies.
    environment
        Added to the daemon's.
    good_for_s
        All is well when it has been for this long, s.
    """

    def __init__(
        self,
        folder: Path,
        transport: Transport = "zmq",
        *,
        environment: Mapping[str, str] | None = None,
        good_for_s: float = 1.0,
    ) -> None:
        self._environment = {**os.environ, **(environment or {})}
        self._good_for_s = good_for_s
        self.folder = folder
        self.session = folder / "disk" / "session.db"
        self.session.parent.mkdir()
        self.output = f"tcp://127.0.0.1:{free_port()}"
        self._name = f"faults-{uuid.uuid4().hex[:8]}"
        self._transport = transport
        self._stack = ExitStack()
        self.proxies: dict[str, Proxy] = {}
        self.began = self.ended = 0.0
        """When the fault began and ended, s on the LSL clock."""

    def __enter__(self) -> Scene:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self) -> None:
        self._lab_config = load_config(str(self._set_up("lab")))
        self.lab = Worker(self._stack.enter_context(Nursery()), "simulated lab", LAB)
        self._stack.callback(self.lab.join)
        self._stack.callback(self.lab.ask_to_stop)
        self.lab.start(self._lab_config, None)
        if self._transport == "zmq":
            for key in KEYS:
                self.proxies[key] = Proxy(self._address("lab", key), self._address("daemon", key))
                self._stack.callback(self.proxies[key].close)
        self.controller = Controller(self.output)
        self._stack.callback(self.controller.close)
        command = [sys.executable, "-m", "daemon.cli", "-v", "run", str(self._set_up("daemon"))]
        log = self._stack.enter_context((self.folder / "log").open("w"))
        self.daemon = subprocess.Popen(
            [*command, "--headless"],
            stdout=subprocess.DEVNULL,
            stderr=log,
            cwd=ROOT,
            env=self._environment,
        )
        self._stack.callback(self.stop)

    def _address(self, side: str, key: str) -> str:
        return f"ipc://{self.folder}/{side}-{key}"

    def _set_up(self, side: str) -> Path:
        """Write the set-up of one side: they differ in the addresses between which a proxy is."""
        text = (ROOT / "configs" / "arm.toml").read_text(encoding="utf-8")
        text = text.replace('"models/', f'"{ROOT}/configs/models/')
        for key in KEYS:
            own = f'transport = "zmq"\naddress = "{self._address(side, key)}"'
            if self._transport == "lsl":
                own = f'name = "{self._name}-{key}"'
            text = text.replace(f'name = "hillstream-{key}"', own)
        text += f'\n[output]\nzmq = "{self.output}"\nlsl = false\n{TRUST}'
        text += f'\n[control]\naddress = "ipc://{self.folder}/control"\n'
        text += f'\n[session]\nfile = "{self.session}"\n'
        path = self.folder / f"{side}.toml"
        path.write_text(text, encoding="utf-8")
        return path

    def stop(self) -> int:
        """End the daemon in order; return its exit status."""
        if self.daemon.poll() is None:
            self.daemon.send_signal(signal.SIGINT)
        try:
            return self.daemon.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            return self.daemon.wait()

    @property
    def log(self) -> str:
        """What the daemon has logged."""
        return (self.folder / "log").read_text(encoding="utf-8")

    def pid(self, name: str) -> int:
        """Return the id of one of the daemon's processes, which may just be starting again."""
        deadline = time.monotonic() + PATIENCE_S
        while (pid := family(self.daemon.pid).get(name)) is None:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the {name} has not been started in {PATIENCE_S:g} s")
            time.sleep(0.05)
        return pid

    @contextmanager
    def fault(self) -> Iterator[None]:
        """Take the time at which the fault begins and ends."""
        self.began = clock.now()
        yield
        self.ended = clock.now()

    @contextmanager
    def spoilt(self, spoil: Spoil, *keys: str) -> Iterator[None]:
        """Spoil streams while it lasts; all of them where none is named."""
        chosen = [self.proxies[key] for key in keys or KEYS]
        with self.fault():
            for proxy in chosen:
                proxy.spoil = spoil
            yield
            for proxy in chosen:
                proxy.spoil = untouched

    def restart_lab(self) -> None:
        """Kill the simulated lab and start it again, with the streams it had."""
        os.kill(self.lab.pid or 0, signal.SIGKILL)
        self.wait(lambda: not self.lab.alive, "the lab is gone")
        self.lab.start(self._lab_config, None)

    def spare_lab(self) -> None:
        """Have a second lab wait, so that starting it takes no time."""
        self.lab.prepare()

    def wait(self, condition: Callable[[], object], what: str) -> None:
        """Wait until something is so; gives up when the daemon has ended or it takes too long."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if self.daemon.poll() is not None:
                raise click.ClickException(f"The daemon has ended, log:\n{self.log}")
            if time.monotonic() > deadline:
                raise click.ClickException(f"Not within {PATIENCE_S:g} s: {what}.\n{self.log}")
            time.sleep(0.02)

    def good_since(self, since: float) -> float | None:
        """Return from when on, not before `since`, all is well; None where it is not yet sure."""
        newest = self.controller.moments[-1:]
        if not newest:
            return None
        start = newest[0].at
        for heard in reversed(self.controller.moments):
            if heard.at < since or not heard.good:
                break
            start = heard.at
        return start if newest[0].at - start >= self._good_for_s else None

    def settle(self) -> None:
        """Wait until all is well."""
        start = clock.now()
        self.wait(lambda: self.good_since(start) and self._said_to_be_well(start), "all is well")

    def _said_to_be_well(self, since: float) -> bool:
        """Tell whether the newest status is not older than `since` and speaks of no trouble."""
        newest = self.controller.statuses[-1:]
        return bool(newest) and newest[0].at >= since and newest[0].body["note"] == WELL

    def prepare(self) -> None:
        """Wait until every process is at work and a spare predictor ready."""
        self.wait(self._has_a_spare, "a spare predictor waits")

    def _has_a_spare(self) -> bool:
        """Tell whether a spare predictor has done its rehearsal: it uses no more time."""
        spare = family(self.daemon.pid).get("spare predictor")
        if spare is None or "calibrator" not in family(self.daemon.pid):
            return False
        used = process_s(spare)
        time.sleep(0.3)
        return used == process_s(spare)
