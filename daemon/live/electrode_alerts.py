"""Alerts of electrodes that come off and come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from daemon.live.outbox import Outbox
from pipeline.emg.channel_watch import Change
from pipeline.emg.mapping import ExcitationMapper


class ElectrodeAlerts:
    """Keeps the outbox's troubles true to the electrodes.

    Parameters
    ----------
    mapping
        For each muscle that has electrodes their channels.
    mapper
        What drives the muscles.
    outbox
        Where what is said goes out.
    """

    def __init__(
        self, mapping: Mapping[str, Sequence[str]], mapper: ExcitationMapper, outbox: Outbox
    ) -> None:
        self._mapping = mapping
        self._mapper, self._outbox = mapper, outbox
        self.faulty: dict[str, str] = {}
        """Channels that drive a muscle and are faulty, each with what is wrong with it."""

    def note(self, changes: Sequence[Change]) -> None:
        """Take note of channels that have become faulty or valid again."""
        for change in changes:
            driven = [name for name, used in self._mapping.items() if change.channel in used]
            if change.reason is None:
                self.faulty.pop(change.channel, None)
                self._outbox.troubles.pop(_cause(change), None)
            elif driven:
                self.faulty[change.channel] = change.reason
                self._outbox.troubles[_cause(change)] = self._sentence(change, driven)

    def _sentence(self, change: Change, driven: list[str]) -> str:
        begin = f"EMG channel {change.channel} is faulty ({change.reason}): "
        lost = [m for m in driven if not set(self._mapping[m]) - set(self.faulty)]
        if not lost:
            return f"{begin}other electrodes drive {_listed(driven)}; look at this one."
        if not self._mapper.synthesises:
            return (
                f"{begin}nothing is known yet that could drive {_listed(lost)} in its place, so "
                "the moments fade to zero; look at the electrode."
            )
        return f"{begin}{_listed(lost)} is driven by what the others do; look at the electrode."


def _cause(change: Change) -> str:
    return f"channel {change.channel}"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(names)
