"""The model and the calibrator where nothing but torch, numpy and scipy is installed."""

import subprocess
import sys

ABSENT = ("beartype", "click", "jaxtyping", "msgpack", "pydantic", "pylsl", "rich", "zmq")


def test_model_and_calibrator_import_without_the_rest():
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({ABSENT}))\n"
        "import pipeline.model.nms, pipeline.calibrate.calibrator, pipeline.identify.methods"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
