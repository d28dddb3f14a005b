"""A running daemon, and a lab whose streams a test can spoil while it runs."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from places import CONFIGS, ROOT

from daemon.config import Config, load_config
from daemon.control import handler
from daemon.processes import supervisor
from pipeline.output.message import (
    CalibratorReport,
    Message,
    MetaMessage,
    MomentMessage,
    MusclesMessage,
    ParametersMessage,
    ReferenceMessage,
    SignalsMessage,
    StatusMessage,
)
from pipeline.output.subscriber import listen
from pipeline.streams import clock
from pipeline.streams.base import Outlet
from pipeline.streams.lsl.outlet import LslOutlet
from pipeline.streams.ros2.outlet import Ros2Outlet
from pipeline.streams.zeromq.outlet import ZmqOutlet

ANSWER_S = 150.0
KEYS = ("emg", "angles", "moments")
TYPES = {"emg": "EMG", "angles": "JointAngles", "moments": "JointMoments"}
# Nobody's EMG and moments: no set would ever be trusted, and what is would come to be doubted.
TRUST = "trust_generic = true\ndistrust_error = 1e9\n"
STANDING_S = 0.5
LAST_WORDS_S = 2.0
"""How long the last message of a daemon that has ended may be on its way, s."""
Spoil = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
Work = Callable[..., dict]
"""`supervisor.run`, or `demo`, which brings its own lab."""


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the processes of a daemon that a busy machine holds up time to answer."""
    monkeypatch.setattr(handler, "ANSWER_WITHIN_S", ANSWER_S)


@pytest.fixture
def walking(tmp_path, unique_name, ipc_address) -> Callable[..., Config]:
    """The walking set-up on streams and an address of this test's own."""

    def make(transport: str = "lsl", **changes: str) -> Config:
        text = (CONFIGS / "walking.toml").read_text()
        text = text.replace('"models/', f'"{ROOT}/configs/models/')
        for key in KEYS:
            own = f'name = "{unique_name}-{key}"'
            if transport == "zmq":
                own = f'transport = "zmq"\naddress = "{ipc_address}-{key}"'
            text = text.replace(f'name = "hillstream-{key}"', own)
        for old, new in changes.items():
            text = re.sub(old, new, text, count=1)
        text += f'\n[output]\nzmq = "{ipc_address}"\nlsl = false\n{TRUST}'
        text += f'\n[control]\naddress = "{ipc_address}-control"\n'
        text += f'\n[session]\nfile = "{tmp_path / "session.db"}"\n'
        path = tmp_path / "walking.toml"
        path.write_text(text)
        return load_config(path)

    return make


class Streams:
    """Three streams at 100 Hz from a thread; single ones can be silenced or spoilt."""

    def __init__(self, outlets: dict[str, Outlet]) -> None:
        self.outlets = outlets
        self.silent: set[str] = set()
        self.spoil: dict[str, Spoil] = {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self._thread.start()

    def _send(self) -> None:
        due = clock.now()
        while not self._end.is_set():
            t = np.array([due])
            for key in KEYS:
                if key not in self.silent:
                    x = _sample(key, due)
                    stamps, values = self.spoil.get(key, lambda t, x: (t, x))(t, x)
                    self.outlets[key].push(stamps, values)
            due += 0.01
            time.sleep(max(0.0, due - clock.now()))

    @staticmethod
    def sample(key: str, t: float) -> np.ndarray:
        """Return what is sent at a time, shape [1, channel] or [channel]."""
        return _sample(key, t)

    def close(self) -> None:
        self._end.set()
        self._thread.join()


def _sample(key: str, t: float) -> np.ndarray:
    wave = np.sin(2 * np.pi * t + np.arange(9))[None]
    if key == "emg":
        return 0.3 + 0.25 * wave
    return np.array([0.1, -0.6, 0.0]) + 0.1 * wave[:, :3] if key == "angles" else 20.0 * wave[:, :3]


@pytest.fixture
def lab() -> Iterator[Callable[[Config], Streams]]:
    """Put the streams that a set-up wants on the network."""
    with ExitStack() as stack:

        def make(config: Config) -> Streams:
            outlets = {key: _outlet(config, key) for key in KEYS}
            for outlet in outlets.values():
                stack.callback(outlet.close)
            streams = Streams(outlets)
            stack.callback(streams.close)
            return streams

        yield make


def _outlet(config: Config, key: str) -> Outlet:
    stream = getattr(config.streams, key)
    if stream.transport == "zmq":
        return ZmqOutlet(stream.address, key, stream.channels, stream.unit, stream.rate_hz)
    if stream.transport == "ros2":
        return Ros2Outlet(stream.topic, stream.channels, stream.domain_id)
    return LslOutlet(stream.name, TYPES[key], stream.channels, stream.unit, stream.rate_hz)


class Running:
    """A daemon in the background and everything it has said."""

    def __init__(self, config: Config, work: Work = supervisor.run) -> None:
        self.statuses: list[StatusMessage] = []
        self.moments: list[MomentMessage] = []
        self.muscles: list[MusclesMessage] = []
        self.signals: list[SignalsMessage] = []
        self.references: list[ReferenceMessage] = []
        self.parameters: list[ParametersMessage] = []
        self.meta: MetaMessage | None = None
        self.summary: dict = {}
        self.error: Exception | None = None
        self.stood_still = False
        """Whether the listener did for so long that it may have lost messages itself."""
        self._looked_at = np.inf
        self._ended_at = np.inf
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(config, work)),
            threading.Thread(target=self._listen, args=(config.output.zmq,)),
        ]
        for thread in self._threads:
            thread.start()

    def _run(self, config: Config, work: Work) -> None:
        try:
            self.summary = work(
                config, Path("test"), seconds=None, stop=self._stop, on_status=self.statuses.append
            )
        except Exception as error:
            self.error = error
        self._ended_at = time.monotonic()

    def _listen(self, address: str) -> None:
        self.heard = listen(address, self._hear, stop=self._finished)

    def _finished(self) -> bool:
        now = time.monotonic()
        if self.statuses and not self._stop.is_set():
            self.stood_still |= now > self._looked_at + STANDING_S
        self._looked_at = now
        waited = now > self._ended_at + LAST_WORDS_S
        return waited or (self._stop.is_set() and self.status() == "STOPPED")

    def _hear(self, message: Message) -> None:
        if isinstance(message, MomentMessage):
            self.moments.append(message)
        elif isinstance(message, MusclesMessage):
            self.muscles.append(message)
        elif isinstance(message, SignalsMessage):
            self.signals.append(message)
        elif isinstance(message, ReferenceMessage):
            self.references.append(message)
        elif isinstance(message, ParametersMessage):
            self.parameters.append(message)
        elif isinstance(message, MetaMessage):
            self.meta = message

    def status(self) -> str:
        return self.moments[-1].status if self.moments else ""

    def told(self, condition: Callable[[StatusMessage], object]) -> bool:
        """Return whether the newest status is as wanted; there may not be any yet."""
        return bool(self.statuses and condition(self.statuses[-1]))

    def calibrated(self, condition: Callable[[CalibratorReport], object]) -> bool:
        """Return whether the calibrator's newest update is as wanted; as `told`."""
        return self.told(lambda status: status.calibrator and condition(status.calibrator))

    def note(self) -> str:
        return self.statuses[-1].note if self.statuses else ""

    def end(self) -> dict:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        return self.summary


@pytest.fixture
def running() -> Iterator[Callable[..., Running]]:
    """Start a daemon; it is stopped at the end of the test at the latest."""
    with ExitStack() as stack:

        def start(config: Config, work: Work = supervisor.run) -> Running:
            daemon = Running(config, work)
            stack.callback(daemon.end)
            return daemon

        yield start
