"""The last seconds of paired data, cut into trials."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.calibrate.loss import Trials
from pipeline.timebase.rows import PairedRows

Array = NDArray[np.float64]

SUSPECT_S = 0.15
"""Time before a failure is known in which it may have begun, s: the watch's window, and what the
envelope's filters make of it."""


class Window:
    """A bounded history of paired rows, the newest last.

    Parameters
    ----------
    capacity
        Most rows kept; older ones are dropped.
    rate_hz
        Rate of the time grid, Hz.
    settle
        Rows left out of the loss after the start of a trial or a jump in time.
    """

    def __init__(self, capacity: int, rate_hz: float, settle: int) -> None:
        self.capacity = capacity
        self.rate_hz = rate_hz
        self.settle = settle
        self._rows: PairedRows | None = None

    def add(self, rows: PairedRows) -> PairedRows:
        """Append rows, which go on from the newest one in the window; return what falls out.

        What an electrode gave shortly before it was found to have failed is not to be learnt from.
        """
        known = () if self._rows is None else (self._rows,)
        grown = _without_failing(PairedRows.joined((*known, rows)), round(SUSPECT_S * self.rate_hz))
        surplus = max(0, len(grown.t) - self.capacity)
        self._rows = grown.part(slice(surplus, None))
        return grown.part(slice(surplus))

    def clear(self) -> None:
        """Forget all rows."""
        self._rows = None

    def __len__(self) -> int:
        """Return the number of rows kept."""
        return 0 if self._rows is None else len(self._rows.t)

    @property
    def rows(self) -> PairedRows:
        """The rows kept; raises ValueError while there are none."""
        if self._rows is None:
            raise ValueError("the window is empty")
        return self._rows

    def usable(self) -> NDArray[np.bool_]:
        """Tell for each row and DOF whether its reference may be learnt from, shape [n, dof]."""
        rows = self.rows
        steady = np.ones(len(rows.t), dtype=bool)
        jumps = np.flatnonzero(np.diff(rows.t) > 1.5 / self.rate_hz) + 1
        for start in jumps:
            steady[start : start + self.settle] = False
        return np.isfinite(rows.reference()) & (rows.valid & steady)[:, None]

    def trials(self, start: int, stop: int, length: int, like: Tensor) -> Trials:
        """Cut rows [start, stop) into trials of `length` rows that count.

        Each trial begins `settle` rows earlier, where there are any, so that its states have
        settled; those rows carry no weight. The oldest rows that do not fill a trial are left
        out.

        Parameters
        ----------
        like
            A tensor whose type and device the trials take.
        """
        count = max(1, (stop - start) // length)
        ends = [stop - i * length for i in reversed(range(count))]
        begin = np.array([max(0, end - length - self.settle) for end in ends])
        size = max(end - b for end, b in zip(ends, begin, strict=True))
        index = np.clip(np.array(ends)[:, None] - size + np.arange(size), 0, None)
        rows, weight = self.rows, self.usable()
        counts = np.arange(size) >= size - min(length, stop - start)
        weights = weight[index] & counts[None, :, None]
        return trials_at(rows, index, weights, like)


def _without_failing(rows: PairedRows, count: int) -> PairedRows:
    """Mark the rows around the time at which a muscle ceases to be measured as not valid.

    Those after it are still moved by what was measured before, an electromechanical delay later.
    """
    ceased = np.flatnonzero((rows.measured[:-1] & ~rows.measured[1:]).any(axis=1)) + 1
    valid = rows.valid.copy()
    for place in ceased:
        valid[max(0, place - count) : place + count] = False
    return rows._replace(valid=valid)


def trials_at(
    rows: PairedRows, index: NDArray[np.int64], weight: NDArray[np.bool_], like: Tensor
) -> Trials:
    """Gather rows into trials.

    Parameters
    ----------
    rows
        Where they come from.
    index
        Row of each sample, shape [trial, time].
    weight
        Whether its reference counts, shape [trial, time, dof].
    like
        A tensor whose type and device the trials take.
    """

    def tensor(values: Array, *axes: int) -> Tensor:
        ordered = np.ascontiguousarray(np.transpose(values, axes))
        return torch.as_tensor(ordered, dtype=like.dtype, device=like.device)

    reference = np.where(weight, np.nan_to_num(rows.reference()[index]), 0.0)
    measured = rows.measured[index]
    return Trials(
        tensor(rows.excitation[index], 0, 2, 1),
        tensor(rows.length[index], 0, 2, 1),
        tensor(rows.moment_arm[index], 0, 2, 3, 1),
        tensor(reference, 0, 2, 1),
        tensor(weight.astype(np.float64), 0, 2, 1),
        None if measured.all() else tensor(measured.astype(np.float64), 0, 2, 1) > 0,
        tensor(np.nan_to_num(rows.motion[index]), 0, 2, 3, 1) if rows.moves else None,
    )
