"""The choice among the LSL streams on the network: one that is meant, never one of two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pipeline.errors import UserError
from pipeline.sentences import did_you_mean

if TYPE_CHECKING:
    import pylsl


class Had(NamedTuple):
    """The outlet that was connected before."""

    uid: str = ""
    """Of this outlet alone; a restarted sender has another."""
    source_id: str = ""
    """Of the sender; survives its restart where the sender states one."""

    def may_be(self, info: pylsl.StreamInfo) -> bool:
        """Say whether a stream is from the same sender, as far as it can be told."""
        return bool(info.uid() == self.uid or info.source_id() == self.source_id != "")


@dataclass(frozen=True)
class Sought:
    """What an LSL stream is looked for by; at least a name or a source_id.

    Parameters
    ----------
    key
        Role of the stream, for the sentence that says where to decide.
    name
        The stream's name; where there is a source_id, it only chooses among several of that.
    source_id
        Of the sender; a stream with another one is never taken for it.
    host
        The machine it must come from.
    """

    key: str
    name: str | None = None
    source_id: str | None = None
    host: str | None = None

    @property
    def called(self) -> str:
        """How a sentence calls the stream."""
        return f"LSL stream '{self.name or self.source_id}'"

    @property
    def predicate(self) -> str:
        """What liblsl is to look for: all that could be meant, and its namesakes.

        In parentheses: liblsl puts "session_id='...' and" before it, which binds closer than "or".
        """
        wanted = (("source_id", self.source_id), ("name", self.name))
        either = " or ".join(f"{prop}={_quoted(value)}" for prop, value in wanted if value)
        return f"({either})"

    def fitting(self, visible: Sequence[pylsl.StreamInfo]) -> list[pylsl.StreamInfo]:
        """Return the streams that could be meant; all of them are alive."""
        there = [info for info in visible if self._is_on_its_host(info)]
        if not self.source_id:
            return [info for info in there if info.name() == self.name]
        of_source = [info for info in there if info.source_id() == self.source_id]
        named = [info for info in of_source if info.name() == self.name]
        return named or of_source

    def _is_on_its_host(self, info: pylsl.StreamInfo) -> bool:
        return self.host is None or info.hostname().casefold() == self.host.casefold()

    def choose(
        self, visible: Sequence[pylsl.StreamInfo], had: Had | None = None
    ) -> pylsl.StreamInfo | None:
        """Return the one stream that is meant; None where there is none.

        Parameters
        ----------
        visible
            What is alive on the network at the moment.
        had
            The outlet that was connected before: of several, it or its successor is meant.

        Raises
        ------
        UserError
            If several could be meant; the sentence lists them and says how to decide.
        """
        fitting = self.fitting(visible)
        if len(fitting) > 1 and had is not None:
            same = [info for info in fitting if info.uid() == had.uid]
            of_source = [info for info in fitting if had.may_be(info)]
            fitting = same or (of_source if len(of_source) == 1 else fitting)
        if len(fitting) > 1:
            raise UserError(self._ambiguous(fitting))
        return fitting[0] if fitting else None

    def absent(self, visible: Sequence[pylsl.StreamInfo]) -> str:
        """Return why none of the visible streams is meant, in a sentence."""
        by = [f"with source_id '{self.source_id}'"] if self.source_id and self.name else []
        by += [f"from host '{self.host}'"] if self.host else []
        what = f"{' '.join([self.called, *by])} is not on the network"
        namesakes = [info for info in visible if info.name() == self.name]
        if not namesakes:
            return f"{what}{did_you_mean(self.name or '', [info.name() for info in visible])}."
        listed = "; ".join(described(info) for info in namesakes)
        return (
            f"{what}, but one of that name is: {listed}. Correct streams.{self.key}, or start the "
            "sender that is meant."
        )

    def not_its_successor(self, info: pylsl.StreamInfo) -> str:
        """Return that a stream was there beside the one that is missed, in a sentence."""
        return (
            f"{self.called} went away; another one of that name was there beside it and is not "
            f"taken for it: {described(info)}. Start the one that is missed again, or say which "
            f"with streams.{self.key}.source_id."
        )

    def _ambiguous(self, fitting: Sequence[pylsl.StreamInfo]) -> str:
        listed = "; ".join(described(info) for info in fitting)
        return (
            f"{len(fitting)} LSL streams could be {self.called}, so none is taken: {listed}. "
            f"{self._advice(fitting)}"
        )

    def _advice(self, fitting: Sequence[pylsl.StreamInfo]) -> str:
        sources = {info.source_id() for info in fitting}
        if len(sources) == len(fitting) and "" not in sources:
            return f"Say which with streams.{self.key}.source_id."
        if len({info.hostname() for info in fitting}) == len(fitting):
            return f"They share or lack a source_id: say which with streams.{self.key}.host."
        return "Give each sender a source_id of its own, or end those that are not meant."


def described(info: pylsl.StreamInfo) -> str:
    """Return what a stream is and where it comes from, without a full stop."""
    rate = f"{info.nominal_srate():g} Hz" if info.nominal_srate() else "irregular"
    source = f"source_id '{info.source_id()}'" if info.source_id() else "no source_id"
    return (
        f"{info.type() or 'no type'}, {info.channel_count()} channels, {rate}, "
        f"on {info.hostname()}, {source}"
    )


def _quoted(value: str) -> str:
    """Return a literal of liblsl's query language, which has no escapes."""
    return f"'{value}'" if "'" not in value else f'"{value}"'
