"""A publisher and those who listen to it, on real sockets."""

import importlib.util
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
import zmq
from places import TOOLS

from pipeline.output.message import Message, MetaMessage, unpack
from pipeline.output.zmq import ZmqPublisher


class Ear:
    """A subscriber that decodes."""

    def __init__(self, socket: zmq.Socket) -> None:
        self.socket = socket

    def hear(self, timeout_s: float = 0.0) -> Message | None:
        if not self.socket.poll(int(1000 * timeout_s)):
            return None
        return unpack(self.socket.recv())


@pytest.fixture
def meta() -> MetaMessage:
    return MetaMessage(
        session="first",
        dofs=("knee", "ankle"),
        rate_hz=100.0,
        title="A test",
        muscles=("soleus", "vastus"),
        channels=("SOL", "VAS"),
        valid_for_s=0.1,
    )


@pytest.fixture
def zmq_publisher(meta: MetaMessage) -> Iterator[ZmqPublisher]:
    publisher = ZmqPublisher("tcp://127.0.0.1:*", meta)
    yield publisher
    publisher.close()


@pytest.fixture
def subscribe() -> Iterator[Callable[..., Ear]]:
    context, ears = zmq.Context(), []

    def connect(address: str, topic: bytes = b"", **options: int) -> Ear:
        socket = context.socket(zmq.SUB)
        socket.setsockopt(zmq.LINGER, 0)
        for name, value in options.items():
            socket.setsockopt(getattr(zmq, name), value)
        socket.setsockopt(zmq.SUBSCRIBE, topic)
        socket.connect(address)
        ears.append(Ear(socket))
        return ears[-1]

    yield connect
    for ear in ears:
        ear.socket.close()
    context.term()


@pytest.fixture
def exo_client() -> ModuleType:
    path = TOOLS / "clients" / "exo_client.py"
    spec = importlib.util.spec_from_file_location("exo_client", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
