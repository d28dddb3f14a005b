"""The memory of a live view: what it keeps of the published messages."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from pipeline.output.message import MomentMessage, MusclesMessage, Status, StatusMessage
from pipeline.streams.base import SourceState

RMSE_SECONDS = 30
"""Length of the RMSE's course that is kept, s."""
_SMALLEST_SCALE_NM = 1.0


class History:
    """What the view remembers of a run; bounded.

    Parameters
    ----------
    title
        What the set-up is.
    dofs
        Joints, in the order of the moment messages.
    truth
        Where the person is simulated: per parameter and muscle the true value, relative to the
        one the run starts with.
    """

    def __init__(
        self,
        title: str,
        dofs: Sequence[str],
        truth: Mapping[str, Mapping[str, float]] | None = None,
    ) -> None:
        self.title = title
        self.dofs = tuple(dofs)
        self.truth = truth
        self.status: StatusMessage | None = None
        self.moment: MomentMessage | None = None
        """Newest moments heard; the next status message is shown beside them."""
        self.muscles: MusclesMessage | None = None
        """Newest message on what the muscles do."""
        self.peak_force: tuple[float, ...] = ()
        """Largest force seen of each muscle, N: an order that does not jump about."""
        self.shows_muscles = False
        """Whether what they do is shown, in place of their parameters."""
        self.log = ""
        """Newest line of the log."""
        self.start: dict[str, tuple[float, ...]] = {}
        """The parameters the run started with."""
        self.error: dict[str, float | None] = {}
        """RMSE of the last full second per joint, N*m."""
        self.rmse = {dof: deque[float | None](maxlen=RMSE_SECONDS) for dof in dofs}
        """RMSE of the last seconds per joint, N*m."""
        self.predicted: dict[str, float] = {}
        self.reference: dict[str, float] = {}
        """Moments at the time of the newest status message per joint, N*m."""
        self.scale = dict.fromkeys(dofs, _SMALLEST_SCALE_NM)
        """Largest moment seen per joint, N*m."""
        self._second = -1

    def take(self, status: StatusMessage) -> None:
        """Take in a status message."""
        if status.status is Status.STOPPED and self.status is not None:
            self.status = _with_details(status, self.status)
            return
        self.status = status
        self.start = self.start or dict(status.parameters)
        # While a stream is away, the message repeats the last pairs of prediction and reference.
        live = all(s.state is SourceState.LIVE for s in status.streams)
        self.error = dict(status.rmse) if live else {}
        self._take_moments((status.reference or {}) if live else {})
        if int(status.uptime_s) != self._second:
            self._second = int(status.uptime_s)
            for dof, errors in self.rmse.items():
                errors.append(self.error.get(dof))

    def take_muscles(self, message: MusclesMessage) -> None:
        """Take in what the muscles do."""
        before = self.peak_force
        known = len(before) == len(message.force)
        self.peak_force = tuple(map(max, before, message.force)) if known else message.force
        self.muscles = message

    def _take_moments(self, reference: Mapping[str, Sequence[float]]) -> None:
        self.reference = {dof: values[-1] for dof, values in reference.items() if values}
        moments = self.moment.moment if self.moment else ()
        self.predicted = dict(zip(self.dofs, moments, strict=False))
        for dof in self.dofs:
            now = abs(self.predicted.get(dof, 0.0)), abs(self.reference.get(dof, 0.0))
            self.scale[dof] = max(self.scale[dof], *now)


def _with_details(last: StatusMessage, before: StatusMessage) -> StatusMessage:
    """Return the daemon's last message, which says only that it is the last, with what was."""
    told = ("t", "status", "note", "uptime_s")
    return before.model_copy(update={name: getattr(last, name) for name in told})
