"""Devices on the network, and what becomes of them."""

from contextlib import ExitStack, closing

import numpy as np
import pytest
from devices import Sender, is_connected, set_up, source_of
from listener import PASSING, Listener

from pipeline.streams.base import SourceState

SECONDS = 0.6
"""How much has to come, s."""


@pytest.fixture
def opened():
    """Close what a test has opened, the last first: sources go before senders."""
    with ExitStack() as stack:
        yield lambda thing: stack.enter_context(closing(thing))


@pytest.fixture
def meet(opened, unique_name):
    """A device on the network and who wants it, by a table of the set-up."""

    def make(key, table, device):
        sender = opened(Sender(unique_name, device))
        source = opened(source_of(key, set_up(**{key: f'name = "{unique_name}"\n{table}'})))
        return sender, Listener.opening(source)

    return make


@pytest.fixture
def taken(meet, wait_until):
    """Have a device taken, with this note; return its sender and what has come."""

    def take(key, table, device, note="", seconds=SECONDS):
        sender, listener = meet(key, table, device)
        wait_until(lambda: is_connected(listener, sender))
        sender.start()

        def well():
            health = listener.poll()
            return (
                listener.count > seconds * device.rate_hz
                and (health.state, health.note) == (SourceState.LIVE, note)
                and health.rate_hz == pytest.approx(device.rate_hz, rel=0.05)
            )

        wait_until(well)
        health = listener.poll()
        assert (health.out_of_order, health.nonfinite, health.from_future, health.too_old) == (
            (0,) * 4
        )
        assert health.dropped_share == 0.0
        assert np.all(np.diff(listener.t) > 0)
        return sender, listener

    return take


@pytest.fixture
def refused(meet, wait_until):
    """Have a device refused; return the sentence."""

    def refuse(key, table, device):
        _, listener = meet(key, table, device)
        wait_until(
            lambda: (note := listener.poll().note) and not any(one in note for one in PASSING)
        )
        health = listener.poll()
        assert health.state is SourceState.RESOLVING
        return health.note

    return refuse
