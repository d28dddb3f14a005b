"""Waiting for samples, over either transport: what comes is returned at once."""

import threading

import numpy as np
import pytest

from pipeline.streams import clock
from pipeline.streams.base import StreamSpec
from pipeline.streams.lsl.outlet import LslOutlet
from pipeline.streams.lsl.source import LslSource
from pipeline.streams.zeromq.outlet import ZmqOutlet
from pipeline.streams.zeromq.source import ZmqSource

SPEC = StreamSpec("emg", ("a", "b"), 1000.0)
FOREVER_S = 60.0

pytestmark = pytest.mark.system


@pytest.fixture(params=["lsl", "zmq"])
def stream(request, unique_name, ipc_address):
    """A connected pair of an outlet and a source."""
    if request.param == "lsl":
        outlet = LslOutlet(unique_name, "EMG", SPEC.channels, "V", SPEC.rate_hz)
        source = LslSource(SPEC, name=unique_name)
    else:
        outlet = ZmqOutlet(ipc_address, SPEC.key, SPEC.channels, "V", SPEC.rate_hz)
        source = ZmqSource(SPEC, address=ipc_address)
    source.open()
    yield outlet, source
    source.close()
    outlet.close()


def connected(outlet, source, wait_until):
    """Send until something arrives, then take what is still on its way."""

    def arrived():
        outlet.push(np.array([clock.now()]), np.zeros((1, 2)))
        return source.poll()

    wait_until(arrived)
    while source.poll(0.2):
        pass


def test_what_comes_ends_the_wait(stream, wait_until):
    outlet, source = stream
    connected(outlet, source, wait_until)
    sent = clock.now()
    sender = threading.Timer(0.05, outlet.push, (np.array([sent, sent + 1e-3]), np.ones((2, 2))))
    sender.start()
    chunk = source.poll(FOREVER_S)
    sender.join()
    assert chunk.t[0] == pytest.approx(sent, abs=1e-3)
    np.testing.assert_array_equal(chunk.x[0], [1.0, 1.0])
    assert clock.now() - sent < FOREVER_S / 2


def test_nothing_comes_and_the_wait_ends(stream, wait_until):
    outlet, source = stream
    connected(outlet, source, wait_until)
    begun = clock.now()
    assert source.poll(0.05) is None
    assert clock.now() - begun >= 0.045


def test_without_a_connection_the_wait_is_as_long(unique_name):
    source = LslSource(SPEC, name=unique_name)
    source.open()
    begun = clock.now()
    assert source.poll(0.05) is None
    assert clock.now() - begun >= 0.045
    source.close()
