"""Alerts of electrodes that come off and come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from daemon.live.outbox import Outbox
from pipeline.emg.channel_watch import Change
from pipeline.emg.mapping import ExcitationMapper

_CAUSE = "channel"
"""How the causes of troubles with electrodes begin."""


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
        self._sentences: dict[str, str] = {}
        self._common = ""
        self.faulty: dict[str, str] = {}
        """Channels that drive a muscle and are faulty, each with what is wrong with it."""

    def note(self, changes: Sequence[Change]) -> None:
        """Take note of channels that have become faulty or valid again."""
        for change in changes:
            driven = [name for name, used in self._mapping.items() if change.channel in used]
            if change.reason is None:
                self.faulty.pop(change.channel, None)
                self._sentences.pop(_cause(change), None)
            elif driven:
                self.faulty[change.channel] = change.reason
                self._sentences[_cause(change)] = self._sentence(change, driven)
        if changes:
            self._tell()

    def explain(self, common: str) -> None:
        """Tell one cause instead of each channel's fault; an empty one lets those be told again."""
        if common != self._common:
            self._common = common
            self._tell()

    def _tell(self) -> None:
        troubles = self._outbox.troubles
        for cause in [cause for cause in troubles if cause.startswith(_CAUSE)]:
            del troubles[cause]
        troubles.update({f"{_CAUSE}s": self._common} if self._common else self._sentences)

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
    return f"{_CAUSE} {change.channel}"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(names)
