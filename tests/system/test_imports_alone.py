"""What is loaded with what: by whom torch and scipy, and what the model goes without."""

import subprocess
import sys

import pytest

ABSENT = ("beartype", "click", "jaxtyping", "msgpack", "pydantic", "pylsl", "rich", "zmq")


def test_model_and_calibrator_import_without_the_rest():
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({ABSENT}))\n"
        "import pipeline.model.nms, pipeline.calibrate.calibrator, pipeline.identify.methods"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", ["supervisor", "recorder", "cradle"])
def test_who_does_not_compute_loads_neither_torch_nor_scipy(module):
    code = (
        f"import sys, daemon.commands.live.run, daemon.processes.{module}\n"
        "from daemon.assembly.checks import checked_config; checked_config('arm')\n"
        "assert not {'torch', 'scipy'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
