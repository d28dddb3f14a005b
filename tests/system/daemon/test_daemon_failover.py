"""An electrode that comes off a running daemon: named at once, replaced, used again."""

import numpy as np
import pytest

from daemon.assembly.model import model_in_use
from daemon.session.reader import open_session
from pipeline.output.message import MomentMessage

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

PATIENCE_S = 150.0
CHANNEL = 3


def replaced(moment: MomentMessage) -> bool:
    """Tell whether a muscle is synthesised and every joint's moment can be used all the same."""
    return bool(moment.synthesised) and all(moment.ok)


def test_a_channel_that_fails_is_named_and_its_muscle_synthesised_until_it_is_back(
    walking, lab, running, wait_until
):
    config = walking("zmq")
    name = config.streams.emg.channels[CHANNEL]
    streams, daemon = lab(config), running(config)
    wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)
    # Synergies come with the calibrator's updates.
    wait_until(lambda: daemon.calibrated(lambda report: report.version > 0), PATIENCE_S)

    def gone(t: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x = x.copy()
        x[:, CHANNEL] = np.nan
        return t, x

    streams.spoil["emg"] = gone
    wait_until(lambda: daemon.status() == "DEGRADED", PATIENCE_S)
    wait_until(lambda: replaced(daemon.moments[-1]), PATIENCE_S)
    wait_until(lambda: daemon.told(lambda status: status.synthesised), PATIENCE_S)
    # Muscles that never had an electrode are synthesised anyway: the status may be an older one.
    faulty = {name: "not a number"}
    wait_until(lambda: daemon.told(lambda status: status.channels == faulty), PATIENCE_S)
    assert name in daemon.note()

    streams.spoil.clear()
    wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)
    # The muscles that never had one stay synthesised.
    silent = len(model_in_use(config).muscle_names) - len(config.model.muscles)
    wait_until(lambda: len(daemon.moments[-1].synthesised) == silent, PATIENCE_S)
    summary = daemon.end()
    assert summary["nonfinite"] == 0
    with open_session(config.session.file) as database:
        events = database.execute("SELECT sentence FROM event WHERE kind = 'electrode'").fetchall()
    assert [f"EMG channel {name} is faulty: not a number."] == list(events[0])
    assert [f"EMG channel {name} is valid again."] == list(events[-1])
