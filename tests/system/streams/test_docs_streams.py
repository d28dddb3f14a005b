"""The senders in docs/streams.md are run as they stand."""

import re
import subprocess
import sys

import numpy as np
import pytest
from places import DOCS

from pipeline.streams import clock
from pipeline.streams.base import SourceState, StreamSpec
from pipeline.streams.lsl.source import LslSource
from pipeline.streams.zeromq.source import ZmqSource

pytestmark = pytest.mark.system
PAGE = DOCS / "streams.md"
SPEC = StreamSpec("angles", ("elbow_flexion",), 100.0)


def example(title):
    return re.search(rf"```python\n(# {title}\n.*?)```", PAGE.read_text(), re.DOTALL)[1]


@pytest.mark.parametrize("transport", ["LSL", "ZeroMQ"])
def test_the_documented_sender_is_understood(transport, unique_name, ipc_address, wait_until):
    code = example(f"send over {transport}")
    code = code.replace("tcp://127.0.0.1:5562", ipc_address)
    code = code.replace("hillstream-angles", unique_name)
    source = (
        LslSource(SPEC, name=unique_name)
        if transport == "LSL"
        else ZmqSource(SPEC, address=ipc_address)
    )
    chunks, healths = [], []

    def is_well():
        if chunk := source.poll():
            chunks.append(chunk)
        healths.append(source.health(clock.now()))
        well = (healths[-1].state, healths[-1].note) == (SourceState.LIVE, "")
        return well and sum(len(chunk.t) for chunk in chunks) > 20

    sender = subprocess.Popen([sys.executable, "-c", code])
    try:
        source.open()
        wait_until(is_well)
    finally:
        source.close()
        sender.kill()
        sender.wait()
    x = np.concatenate([chunk.x for chunk in chunks])
    assert ((x >= 0.1) & (x <= 0.9)).all()
    assert healths[-1].gaps == 0
