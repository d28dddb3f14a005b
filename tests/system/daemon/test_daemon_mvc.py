"""A guided recording while a daemon runs: it adopts the values, and the file gets them."""

import tomllib

import numpy as np
import pytest
from guided import led

from daemon.control.client import ask
from daemon.ipc.requests import Command, Request
from pipeline.streams import clock

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

PATIENCE_S = 150.0
ASKED, OTHER = "soleus_r", "med_gas_r"
LEVEL, REST = 0.8, 0.02
TENSE_S = 2.5
QUICK = ("--seconds", "3", "--rest-seconds", "1", "--pause-seconds", "0.5", "--repeats", "1")


class Person:
    """Contracts `ASKED` when that is asked for."""

    def __init__(self, streams, channels: list[str]) -> None:
        self._place, self._other = channels.index(ASKED), channels.index(OTHER)
        self._relaxes_at = 0.0
        streams.spoil["emg"] = self._spoil

    def obey(self, line: str) -> None:
        # By the samples' time: what is said may be heard late on a busy machine.
        if line.startswith(f"CONTRACT Contract {ASKED}"):
            self._relaxes_at = clock.now() + TENSE_S

    def _spoil(self, t: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        # A channel that never moves at all is faulty.
        x = np.full_like(x, REST) + 1e-5 * np.sin(1e3 * t)[:, None]
        is_tense = t[0] < self._relaxes_at
        x[:, self._place] += LEVEL - REST if is_tense else 0.0
        x[:, self._other] += 0.6 if is_tense else 0.0  # contracts with it, no maximum
        return t, x


def test_the_daemon_adopts_what_the_file_gets(walking, lab, running, wait_until, tmp_path):
    config = walking(
        "zmq", **{r"\[streams.emg\]": "[streams]\nstale_after_s = 2.0\n\n[streams.emg]"}
    )
    file = tmp_path / "walking.toml"
    person = Person(lab(config), config.streams.emg.channels)
    daemon = running(config)
    wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)

    status, told = led(person, file, "--channels", ASKED, *QUICK, "--yes", "--baseline")
    assert status == 0, told
    assert "adopts" in told
    written = tomllib.loads(file.read_text())["envelope"]
    adopted = ask(config.control.address, Request(command=Command.STATUS), PATIENCE_S).data
    assert adopted["recording"] is None
    assert adopted["mvc"][ASKED] == pytest.approx(LEVEL, rel=0.1)
    assert written["mvc"][ASKED] == pytest.approx(adopted["mvc"][ASKED], rel=1e-3)
    assert adopted["mvc"][OTHER] == 1.0
    assert OTHER not in written.get("mvc", {})
    assert written["baseline"][ASKED] == pytest.approx(REST / LEVEL, rel=0.1)
    assert written["baseline"] == pytest.approx(adopted["baseline"], rel=1e-3)

    status, told = led(person, file, "--channels", ASKED, *QUICK, until="CONTRACT")
    assert status in (2, 130), told
    after = ask(config.control.address, Request(command=Command.STATUS), PATIENCE_S).data
    assert after["recording"] is None

    text = file.read_text()
    file.write_text(text.replace("title = ", 'title = "Another, not "\n#'))
    status, told = led(person, file, *QUICK)
    assert status == 2
    assert "runs another set-up" in told
