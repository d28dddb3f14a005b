"""The scout, in a process as in a daemon's start: finds the streams, leaves word and ends."""

import pytest

from daemon.processes import scout as product
from daemon.processes.nursery import Nursery
from daemon.processes.worker import Worker

pytestmark = pytest.mark.system
PATIENCE_S = 60.0


def patient(config, folder, stop):
    """Scout as long as a busy machine needs."""
    product.PATIENCE_S = PATIENCE_S
    product.main(config, folder, stop)


ROLE = ("scout", f"{__name__}:{patient.__name__}")


@pytest.fixture
def scout():
    with Nursery() as nursery:
        scout = Worker(nursery, *ROLE)
        yield scout
        scout.ask_to_stop()
        scout.join()


def test_it_remembers_every_lsl_stream_and_ends(walking, lab, scout, tmp_path, wait_until):
    config = walking()
    lab(config)
    folder = tmp_path / "memory"
    folder.mkdir()
    scout.prepare()
    scout.start(config, folder)
    wait_until(lambda: not scout.alive, PATIENCE_S)
    assert sorted(file.name for file in folder.iterdir()) == [
        "angles.json",
        "emg.json",
        "moments.json",
    ]


def test_other_transports_need_no_looking(walking, lab, scout, tmp_path, wait_until):
    config = walking("zmq")
    lab(config)
    folder = tmp_path / "memory"
    folder.mkdir()
    scout.start(config, folder)
    wait_until(lambda: not scout.alive, PATIENCE_S)
    assert list(folder.iterdir()) == []
