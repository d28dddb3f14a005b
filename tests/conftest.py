"""What every test may use. Liblsl reads its configuration once, so it is set before any import."""

import atexit
import logging
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import settings

pytest_plugins = [
    "command_line",
    "publishing",
    "ros2_network",
    "shipped_models",
    "skips",
    "small_lab",
    "torque_free",
    "week_of_sessions",
]

_LSL_FOLDER = Path(tempfile.mkdtemp(prefix="hillstream-lsl-"))
atexit.register(shutil.rmtree, _LSL_FOLDER, ignore_errors=True)
# The session hides a run's streams from every other run, on this machine and on the network.
# The scope is "link", because "machine" finds streams unreliably where several share a machine:
# it asks one loopback port that all outlets have bound.
(_LSL_FOLDER / "lsl_api.cfg").write_text(
    f"[multicast]\nResolveScope = link\n[lab]\nSessionID = {uuid.uuid4().hex}\n[log]\nlevel = -2\n"
)
os.environ["LSLAPICFG"] = str(_LSL_FOLDER / "lsl_api.cfg")

# The same for DDS: nothing leaves this machine, and the tag hides a run from every other one.
os.environ["CYCLONEDDS_URI"] = (
    "<CycloneDDS><Domain><General><Interfaces>"
    "<NetworkInterface name='lo' multicast='true'/></Interfaces></General>"
    f"<Discovery><Tag>{uuid.uuid4().hex}</Tag></Discovery></Domain></CycloneDDS>"
)

# No test judges time: the machine it runs on may be busy.
settings.register_profile("hillstream", deadline=None)
settings.load_profile("hillstream")


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """One thread for small tensors: a second one only waits where the machine is busy."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _arithmetic_as_it_was() -> Iterator[None]:
    """Commands let small numbers be zero; hypothesis counts on them."""
    yield
    torch.set_flush_denormal(False)


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Commands set up logging, and fuzzing silences it; the next test is not to notice."""
    root = logging.getLogger()
    level, disabled = root.level, root.manager.disable
    yield
    root.setLevel(level)
    logging.disable(disabled)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real recordings, or a skip where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the real recordings are not on this machine ({folder})")
    return folder


@pytest.fixture
def shared_cases(shared_data: Path) -> Path:
    """Folder of small inputs as labs send them, or a skip where it is absent."""
    folder = shared_data.parent / "cases"
    if not folder.is_dir():
        pytest.skip(f"the real recordings are not on this machine ({folder})")
    return folder


@pytest.fixture
def unique_name() -> str:
    """A stream name no other test uses."""
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def ipc_address() -> str:
    """A ZeroMQ address no other test uses."""
    return f"ipc://{tempfile.mkdtemp(dir=_LSL_FOLDER)}/s"


WaitUntil = Callable[..., None]


@pytest.fixture
def wait_until() -> WaitUntil:
    """Wait on a condition with a deadline: ``wait_until(lambda: done, timeout_s=10)``."""

    def wait(condition: Callable[[], object], timeout_s: float = 15.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"the condition did not come true within {timeout_s:g} s")
            time.sleep(0.005)

    return wait
