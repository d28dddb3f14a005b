"""The network against the wants of a configuration, stream by stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from typing import Any, Self

from daemon.assembly.streams import build_source, stream_specs
from daemon.config import Config
from daemon.diagnostics.hearing import Hearing, hear
from daemon.diagnostics.verdict import StreamFinding, StreamVerdict, Wanted, judge
from pipeline.errors import UserError
from pipeline.streams.base import Source
from pipeline.streams.lsl.liblsl import accepted_columns, channel_units
from pipeline.streams.lsl.sought import described
from pipeline.streams.lsl.visible import full_description, visible_streams
from pipeline.streams.ros2.needs import load_dds
from pipeline.streams.zeromq.source import ZmqSource


class _MissingError(UserError):
    """Nothing on the network could be meant."""


def compare(config: Config) -> list[StreamFinding]:
    """Look at the network, read two seconds of the wanted streams, and say how they are.

    Returns
    -------
    list of StreamFinding
        First the wanted streams in the configuration's order, then visible LSL streams that the
        configuration does not use.
    """
    streams = [(spec, getattr(config.streams, spec.key)) for spec in stream_specs(config)]
    wanted = [Wanted(spec, stream) for spec, stream in streams]
    network = _Network.seen(wanted)
    with ExitStack() as stack:
        opened = {one.spec.key: _opened(one, config, network, stack) for one in wanted}
        heard = hear({k: one for k, one in opened.items() if not isinstance(one, StreamFinding)})
    return [
        _finding(stream, opened[stream.spec.key], heard, network) for stream in wanted
    ] + network.unused(wanted)


def _opened(
    wanted: Wanted, config: Config, network: _Network, stack: ExitStack
) -> Source | StreamFinding:
    """Return a wanted stream's open source, or why there is none."""
    try:
        network.identify(wanted)
        source = build_source(wanted.spec, wanted.stream, config)
        stack.enter_context(closing(source)).open()
        return source
    except _MissingError as error:
        return wanted.finding(StreamVerdict.MISSING, str(error))
    except UserError as error:
        return wanted.finding(StreamVerdict.REFUSED, str(error))


def _finding(
    wanted: Wanted,
    opened: Source | StreamFinding,
    heard: Mapping[str, Hearing],
    network: _Network,
) -> StreamFinding:
    if isinstance(opened, StreamFinding):
        return opened
    key = wanted.spec.key
    verdict, sentence = judge(wanted, heard[key])
    identity = network.identity.get(key, "")
    if isinstance(opened, ZmqSource) and opened.stated_unit:
        identity = f"States {opened.stated_unit}."
    return wanted.finding(verdict, f"{identity} {sentence}".strip())


class _Network:
    """What LSL streams are visible, and which of them are wanted.

    Parameters
    ----------
    visible
        Descriptions without channels.
    trouble
        Why LSL cannot be used; empty where it can.
    """

    def __init__(self, visible: Sequence[Any], trouble: str = "") -> None:
        self._visible = visible
        self._trouble = trouble
        self.identity: dict[str, str] = {}
        """What the wanted streams are that are there, by their key."""

    @classmethod
    def seen(cls, wanted: Sequence[Wanted]) -> Self:
        """Look around for a moment, for some seconds where a wanted stream is missing."""
        lsl = [one.lsl for one in wanted if one.transport == "lsl"]
        try:
            return cls(visible_streams(lambda seen: all(one.fitting(seen) for one in lsl)))
        except UserError as error:
            return cls([], str(error))

    def identify(self, wanted: Wanted) -> None:
        """Find out which stream is meant; raises UserError where none fits, or several do."""
        if wanted.transport == "ros2":
            _need_ros2()
        if wanted.transport != "lsl":
            return
        if self._trouble:
            raise _MissingError(self._trouble)
        info = wanted.lsl.choose(self._visible)
        if info is None:
            raise _MissingError(wanted.lsl.absent(self._visible))
        full = full_description(info)
        columns = accepted_columns(full, wanted.spec)
        units = channel_units(full)
        used = {column for i in range(len(columns.plus)) for column in columns.used(i)}
        stated = sorted({units[column] for column in used} - {""})
        self.identity[wanted.spec.key] = (
            f"{described(full)}, states {' and '.join(stated) or 'no unit'}. {columns.note}".strip()
        )

    def unused(self, wanted: Sequence[Wanted]) -> list[StreamFinding]:
        """Return the visible streams that nobody asked for."""
        lsl = [stream.lsl for stream in wanted if stream.transport == "lsl"]
        used = {info.uid() for sought in lsl for info in sought.fitting(self._visible)}
        return [
            StreamFinding(None, "lsl", info.name(), StreamVerdict.UNUSED, f"{described(info)}.")
            for info in self._visible
            if info.uid() not in used
        ]


def _need_ros2() -> None:
    try:
        load_dds()
    except UserError as error:
        raise _MissingError(str(error)) from error
