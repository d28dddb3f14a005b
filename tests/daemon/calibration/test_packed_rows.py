import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rows import rows_at

from daemon.calibration.packed_rows import PackedRows
from daemon.ipc.messages import RowsMessage
from daemon.ipc.sockets import read
from pipeline.timebase.rows import PairedRows

KINDS = {b"packed": PackedRows}


def some_rows(count: int, muscles: int, dofs: int, coordinates: int, seed: int) -> PairedRows:
    draw = np.random.default_rng(seed)
    moment = draw.normal(size=(count, dofs))
    moment[draw.random(moment.shape) < 0.2] = np.nan
    motion = draw.normal(size=(count if coordinates else 0, 4, coordinates))
    return PairedRows(
        np.sort(draw.normal(size=count)),
        draw.random((count, muscles)),
        draw.random((count, muscles)),
        draw.normal(size=(count, dofs, muscles)),
        moment,
        draw.random(count) < 0.5,
        draw.random((count, muscles)) < 0.5,
        motion,
    )


@given(
    st.integers(1, 30), st.integers(1, 9), st.integers(1, 4), st.integers(0, 4), st.integers(0, 99)
)
def test_rows_arrive_to_the_last_bit(count, muscles, dofs, coordinates, seed):
    sent = some_rows(count, muscles, dofs, coordinates, seed)
    message = read(PackedRows.of(sent).pack(), KINDS)
    assert isinstance(message, PackedRows)
    for before, after in zip(sent, message.unpacked(), strict=True):
        assert before.shape == after.shape
        assert before.tobytes() == after.tobytes()


def test_rows_take_less_than_half_of_what_lists_take():
    sent = rows_at(100.0 + np.arange(10) / 100, 43, 3, np.full(43, 0.3))
    assert len(PackedRows.of(sent).pack()) < 0.5 * len(RowsMessage.of(sent).pack())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"numbers": b"no zlib"}, "do not unpack"),
        ({"numbers": zlib.compress(bytes(10))}, "10 bytes where"),
        ({"numbers": zlib.compress(bytes(10**7))}, "bytes where"),
        ({"muscles": 5}, "bytes where"),
        ({"muscles": 10_000, "dofs": 10_000}, "more than the"),
        ({"flags": b""}, "0 bytes of flags"),
    ],
)
def test_what_does_not_hold_what_it_says_is_refused(changes, said):
    message = PackedRows.of(some_rows(5, 4, 2, 0, 1)).model_copy(update=changes)
    with pytest.raises(ValueError, match=said):
        message.unpacked()


def test_lengths_that_are_not_finite_are_refused():
    rows = some_rows(5, 4, 2, 0, 1)
    rows.length[2, 2] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        PackedRows.of(rows).unpacked()
