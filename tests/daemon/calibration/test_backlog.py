import numpy as np
import pytest
from rows import rows_at

from daemon.calibration.backlog import MOST_ON_THE_WAY, Backlog
from daemon.calibration.packed_rows import PackedRows
from daemon.ipc.sockets import read


def batch(start: float, count: int = 10, muscles: int = 4):
    return rows_at(start + np.arange(count) / 100, muscles, 2, np.full(muscles, 0.3))


@pytest.fixture
def backlog() -> Backlog:
    """Ten batches of a tenth of a second, of which nothing has been sent."""
    backlog = Backlog(10.0)
    for i in range(10):
        backlog.add(batch(i / 10))
    return backlog


def sent(backlog: Backlog) -> list[float]:
    """Send what may be sent; return the first times of the frames."""
    times = []
    while (frame := backlog.next()) is not None:
        times.append(round(float(read(frame, {b"packed": PackedRows}).unpacked().t[0]), 3))
        backlog.sent()
    return times


def test_what_has_not_arrived_is_sent_again(backlog):
    backlog.begin(None)
    assert sent(backlog) == [i / 10 for i in range(10)]
    assert sent(backlog) == []
    backlog.begin(0.49)
    assert sent(backlog) == [0.5, 0.6, 0.7, 0.8, 0.9]
    backlog.begin(0.45)  # in the midst of a frame: it comes whole, and the other side cuts it
    assert sent(backlog)[0] == 0.4
    backlog.begin(None)
    assert len(sent(backlog)) == 10


def test_rows_that_arrive_are_kept_for_a_calibrator_that_begins_anew(backlog):
    backlog.begin(None)
    sent(backlog)
    backlog.arrived(0.99)
    backlog.add(batch(1.0))
    assert sent(backlog) == [1.0]
    backlog.begin(None)
    assert len(sent(backlog)) == 11


def test_no_more_than_the_window_is_kept_sent_or_not(backlog):
    for i in range(10, 300):
        backlog.add(batch(i / 10))
    backlog.begin(None)
    times = sent(backlog)
    assert times[0] == pytest.approx(19.9)
    assert times[-1] == pytest.approx(29.9)
    size = backlog.bytes
    for i in range(300, 400):
        backlog.add(batch(i / 10))
    assert backlog.bytes == pytest.approx(size, rel=0.05)
    assert sent(backlog) == pytest.approx([i / 10 for i in range(300, 400)])


def test_what_is_on_the_way_is_bounded_until_it_arrives():
    backlog = Backlog(1000.0)
    draw = np.random.default_rng(0)
    for i in range(600):
        rows = batch(i / 10, muscles=40)
        backlog.add(rows._replace(excitation=draw.random(rows.excitation.shape)))
    assert backlog.bytes > 2 * MOST_ON_THE_WAY
    backlog.begin(None)
    first = sent(backlog)
    assert 0 < len(first) < 600
    backlog.arrived(first[len(first) // 2])
    second = sent(backlog)
    assert second[0] == pytest.approx(first[-1] + 0.1)
    assert len(second) == pytest.approx(len(first) / 2, abs=2)


def test_a_clock_that_begins_anew_is_noticed(backlog):
    assert backlog.goes_back(batch(0.5))
    assert not backlog.goes_back(batch(1.0))
    backlog.clear()
    assert not backlog.goes_back(batch(0.5))
    assert backlog.bytes == 0
