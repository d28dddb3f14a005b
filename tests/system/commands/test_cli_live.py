"""The demonstration as a process of its own, with other commands beside it."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import ROOT

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

PATIENCE_S = 120.0


@pytest.fixture
def own_arm(changed_config, unique_name, ipc_address, tmp_path) -> Path:
    """The simulated arm on streams and an address that no other test uses."""
    output = f'[output]\nzmq = "{ipc_address}"\nlsl = false\n'
    control = f'[control]\naddress = "{ipc_address}-control"\n'
    session = f'[session]\nfile = "{tmp_path / "session.db"}"\n'
    return changed_config("arm", {'"hillstream-': f'"{unique_name}-'}, output + control + session)


class Demo:
    """A running `hillstream demo` and what it has printed."""

    def __init__(self, config: Path, json_file: Path) -> None:
        command = [sys.executable, "-m", "daemon.cli", "demo", str(config)]
        self.process = subprocess.Popen(
            [*command, "--headless", "--seconds", "600", "--json", str(json_file)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.printed: list[str] = []
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        self.printed.extend(iter(self.process.stdout.readline, ""))
        self.process.stdout.close()

    def says(self, words: str) -> bool:
        return any(words in text for text in self.printed)


@pytest.fixture
def demo(own_arm, tmp_path) -> Iterator[Demo]:
    demo = Demo(own_arm, tmp_path / "demo.json")
    yield demo
    demo.process.kill()
    demo.process.wait()
    demo.reader.join()


def test_a_demo_is_seen_heard_and_stopped(
    demo, own_arm, ipc_address, hillstream, wait_until, tmp_path
):
    """One demonstration, from its start to Ctrl-C.

    1. `demo` prints a line a second; they come to say NOMINAL.
    2. `streams` finds all three streams of the simulated lab.
    3. `listen` hears moments without gaps.
    4. Ctrl-C. Result: exit status 0, a table of errors, the JSON complete, no traceback.
    """
    wait_until(lambda: demo.says("NOMINAL"), PATIENCE_S)

    found = hillstream("streams", own_arm)
    assert found.exit_code == 0, found.output
    assert found.output.count("found") == 3

    heard = hillstream("listen", ipc_address, "--seconds", "3", "--json", "-")
    summary = json.loads(heard.stdout)
    assert summary["moments"] > 0
    assert summary["seq_gaps"] == summary["invalid"] == summary["nonfinite"] == 0
    assert "elbow_flexion" in heard.stderr

    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(PATIENCE_S) == 0, "".join(demo.printed)
    demo.reader.join()
    result = json.loads((tmp_path / "demo.json").read_text())
    assert result["nonfinite"] == 0
    assert result["ticks_published"] > 0
    assert demo.says("first 5 s")
    assert not demo.says("Traceback")


def test_a_stream_that_is_missing_is_told(hillstream, own_arm):
    result = hillstream("streams", own_arm)
    assert result.exit_code == 1
    assert "Not usable yet: emg, angles, moments" in result.output
