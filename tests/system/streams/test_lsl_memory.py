"""The outlet that a stream was taken from is remembered for the next source, on real LSL."""

from contextlib import closing

import numpy as np
import pytest

from pipeline.streams import clock
from pipeline.streams.base import StreamSpec
from pipeline.streams.lsl.memory import Memory
from pipeline.streams.lsl.outlet import LslOutlet
from pipeline.streams.lsl.source import LslSource

pytestmark = pytest.mark.system
SPEC = StreamSpec("emg", ("a",), 1000.0)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "emg.json"


@pytest.fixture
def sender(opened, unique_name):
    return lambda number: opened(
        LslOutlet(unique_name, "EMG", ("a",), "V", 1000.0, f"{unique_name}-{number}")
    )


@pytest.fixture
def first_of(unique_name, file, wait_until):
    """Open a source; return time and value of the first sample that came, and when it was sent."""

    def first_of(outlets, before_closing=lambda source: None):
        with closing(LslSource(SPEC, name=unique_name, memory=file)) as source:
            source.open()
            came = []

            def arrived():
                now = clock.now()
                for value, outlet in enumerate(outlets, start=1):
                    outlet.push(np.array([now]), np.full((1, 1), value))
                if (chunk := source.poll()) is not None:
                    came.append((chunk.t[-1], chunk.x[-1, 0], now))
                return came

            wait_until(arrived)
            before_closing(source)
        return came[0]

    return first_of


def test_whom_one_source_had_the_next_takes_though_another_has_come(sender, first_of):
    mine = sender(1)
    first_of([mine])
    assert first_of([mine, sender(2)])[1] == 1.0


def test_the_next_source_begins_with_the_clock_that_is_known(sender, first_of, file):
    outlet = sender(1)
    first_of([outlet])
    memory = Memory(file)
    known = memory.recall()
    assert known.offset_s == 0.0
    memory.keep(known._replace(offset_s=-0.5))
    t, _, sent = first_of([outlet])
    assert sent - 1.0 < t < sent - 0.4  # a clock that had been measured is right to 1 ms


def test_who_is_remembered_but_gone_stands_in_nobodys_way(sender, first_of, file):
    gone = sender(1)
    first_of([gone])
    before = Memory(file).recall()
    gone.close()
    first_of([sender(2)])
    assert Memory(file).recall().uid != before.uid


def test_whom_a_source_has_lost_is_forgotten(sender, first_of, file, wait_until):
    outlet = sender(1)

    def lose(source):
        assert Memory(file).recall() is not None
        outlet.close()
        wait_until(lambda: source.poll() is None and not file.exists())

    first_of([outlet], lose)
    assert Memory(file).recall() is None
