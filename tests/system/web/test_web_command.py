"""`hillstream web`, and `--web` of the demonstration, as processes."""

import collections
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest
from places import ROOT
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from daemon.web.frames import decode
from pipeline.output.message import MomentMessage
from pipeline.output.subscriber import listen

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

PATIENCE_S = 90.0
DEMO = ("demo", "--headless", "--seconds", 600, "--no-session")


class Process:
    """A hillstream command in a session of its own, and what it has printed."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "daemon.cli", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.pid = self._process.pid
        self.printed: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout
        self.printed.extend(iter(self._process.stdout.readline, ""))
        self._process.stdout.close()

    def says(self, words: str) -> bool:
        return words in " ".join("".join(self.printed).split())

    def end(self, sign: int = signal.SIGINT) -> int:
        self._process.send_signal(sign)
        return self._process.wait(PATIENCE_S)

    def kill(self) -> None:
        """End it and all that came from it at once."""
        family = psutil.Process(self.pid).children(recursive=True) if self.alive else []
        for process in (*family, self._process):
            process.kill()
        self._process.wait()
        self._reader.join()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    with ExitStack() as stack:

        def begin(*arguments: object) -> Process:
            process = Process(tmp_path, *map(str, arguments))
            stack.callback(process.kill)
            return process

        yield begin


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def arm(changed_config, unique_name, ipc_address) -> Path:
    output = f'[output]\nzmq = "{ipc_address}"\nlsl = false\n'
    control = f'[control]\naddress = "{ipc_address}-control"\n'
    return changed_config("arm", {'"hillstream-': f'"{unique_name}-'}, output + control)


@contextmanager
def browser_at(port: int) -> Iterator[ClientConnection]:
    with connect(f"ws://127.0.0.1:{port}/live", max_size=None) as browser:
        browser.send(json.dumps({"type": "hello"}))
        yield browser


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_in_order_and_tells_browsers(start, port, ipc_address, wait_until, sign):
    web = start("web", ipc_address, "--listen", f"127.0.0.1:{port}")
    wait_until(lambda: web.says(f"http://127.0.0.1:{port}/"), PATIENCE_S)
    with browser_at(port) as browser:
        browser.recv(timeout=PATIENCE_S)
        assert web.end(sign) == 0
        with pytest.raises(ConnectionClosed) as closed:
            collections.deque(iter(browser.recv, None), maxlen=0)
    assert closed.value.rcvd.code == 1012


def test_being_told_twice_to_end_leaves_no_traceback(start, port, ipc_address, wait_until):
    web = start("web", ipc_address, "--listen", f"127.0.0.1:{port}", "--sessions", "nowhere")
    wait_until(lambda: web.says(f"http://127.0.0.1:{port}/"), PATIENCE_S)
    assert web.says("'nowhere' does not exist yet")
    with browser_at(port) as browser:
        browser.recv(timeout=PATIENCE_S)
        os.kill(web.pid, signal.SIGTERM)
        assert web.end(signal.SIGTERM) == 0
    web.kill()
    assert not web.says("Traceback")
    assert not web.says("Aborted")


def test_an_address_that_is_taken_is_told_in_a_sentence(hillstream, ipc_address):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        result = hillstream("web", ipc_address, "--listen", taken)
    assert result.exit_code == 2
    assert f"{taken}, where the page is shown, is in use" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--listen", "nowhere"], "HOST:PORT"),
        (["--listen", "127.0.0.1:99999"], "HOST:PORT"),
        (["--listen", "0.0.0.0:0"], "certificate"),
        (["--certificate", "a.pem"], "both"),
        (["--certificate", "a.pem", "--certificate-key", "b.pem"], "a.pem"),
        (["--control", "http://x"], "no ZeroMQ address"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(hillstream, ipc_address, options, word):
    result = hillstream("web", ipc_address, "--listen", "127.0.0.1:0", *options)
    assert result.exit_code == 2
    assert word in result.output
    assert "The page is on" not in result.output
    assert "Traceback" not in result.output


def test_it_loads_neither_torch_nor_scipy():
    code = (
        "import sys, daemon.cli, daemon.commands.live.web, daemon.web.cockpit, daemon.web.beside\n"
        "assert not {'torch', 'scipy', 'pylsl', 'matplotlib'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_the_page_beside_a_demonstration(start, arm, port, ipc_address, wait_until):
    """It shows what the daemon publishes, and its death does not touch the daemon."""
    demo = start(
        "demo", arm, "--headless", "--seconds", 600, "--no-session", f"--web=127.0.0.1:{port}"
    )
    wait_until(lambda: answers(port), PATIENCE_S)
    heard: dict[float, MomentMessage] = {}
    shown = _shown_while_listening(port, ipc_address, heard)
    both = [now for now in shown["now"] if now["t"] in heard]
    assert len(both) >= 5
    for now in both:
        assert list(now["moment"].values()) == list(heard[now["t"]].moment)
        assert now["parameter_version"] == heard[now["t"]].parameter_version
    assert set(shown["log"][-1]["levels"]["mvc"]) == set(shown["meta"][-1]["channels"])
    parameters = shown["parameters"][-1]
    assert parameters["start"].keys() == parameters["values"].keys()
    assert {"status", "latency", "link"} <= shown.keys()

    (page,) = (
        child
        for child in psutil.Process(demo.pid).children()
        if "daemon.web.beside" in " ".join(child.cmdline())
    )
    page.kill()
    wait_until(lambda: demo.says("the daemon goes on without it"), PATIENCE_S)
    more: list[MomentMessage] = []
    take = lambda m: more.append(m) if _is(m) else None  # noqa: E731
    listen(ipc_address, take, PATIENCE_S, stop=lambda: bool(more))
    assert more
    assert demo.end() == 0


def test_a_daemon_that_is_killed_is_seen_and_so_is_its_return(
    start, arm, cockpit_on, ipc_address, wait_until
):
    browser = cockpit_on(ipc_address).browser()
    first = start(*DEMO, arm)
    session = browser.next("meta", PATIENCE_S)[0]["session"]
    browser.next("status", PATIENCE_S)
    first.kill()
    browser.next("link", PATIENCE_S, state="silent")
    browser.next("link", PATIENCE_S, state="lost")
    start(*DEMO, arm)
    assert browser.next("meta", PATIENCE_S)[0]["session"] != session
    browser.next("status", PATIENCE_S)
    assert browser.newest["link"]["state"] == "live"


def test_a_page_that_cannot_be_shown_does_not_touch_the_daemon(start, arm, wait_until):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        demo = start(*DEMO, arm, f"--web={taken}")
        wait_until(lambda: demo.says("in use"), PATIENCE_S)
        wait_until(lambda: demo.says("emg LIVE"), PATIENCE_S)
        assert demo.says("and the daemon goes on without it")
        assert demo.end() in (0, 1)  # 1: it was ended before its first moment


def _is(message: object) -> bool:
    return isinstance(message, MomentMessage)


def _shown_while_listening(port: int, address: str, heard: dict) -> dict[str, list[dict]]:
    """Return what a browser was sent, by kind, while a subscriber hears the moments."""
    done = threading.Event()
    take = lambda m: heard.update({m.t_published: m}) if _is(m) else None  # noqa: E731
    ear = threading.Thread(target=listen, args=(address, take, None, done.is_set))
    ear.start()
    shown: dict[str, list[dict]] = {"log": [], "now": [], "parameters": []}
    try:
        with browser_at(port) as browser:
            while len(shown["now"]) < 40 or not (shown["log"] and shown["parameters"]):
                header, _ = decode(browser.recv(timeout=PATIENCE_S))
                if header.get("t", 0) is not None:
                    shown.setdefault(header["type"], []).append(header)
    finally:
        done.set()
        ear.join()
    return shown
