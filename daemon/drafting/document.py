"""The text of a drafted set-up: TOML with a word on what each part is, and on every guess."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import tomlkit

from daemon.drafting.electrodes import strength_groups
from daemon.drafting.offer import OfferedStream

_WIDTH = 96


@dataclass(frozen=True, kw_only=True)
class Content:
    """Everything that is decided.

    Parameters
    ----------
    title
        What the set-up is.
    model_file
        Relative to the set-up.
    recordings
        Files by role, or under ``files`` one that holds all, relative to the set-up.
    streams
        The streams it takes, by role.
    channels
        The channels it takes of each of them, as it calls them.
    origins
        For each role the sender's label of a channel that is called otherwise.
    dofs, fixed_rad
        Joints whose moments are predicted; coordinates that are held, rad.
    driven
        For each muscle the channels that drive it.
    muscles
        All that take part, driven or not.
    mvc
        Envelope that counts as full excitation, per channel, V; empty for ready envelopes.
    scaled_to
        As `envelope.scaled_to`.
    notes
        What is to be said in a comment, by the section it belongs to.
    """

    title: str
    model_file: str
    recordings: Mapping[str, Sequence[str]]
    streams: Mapping[str, OfferedStream]
    channels: Mapping[str, Sequence[str]]
    origins: Mapping[str, Mapping[str, str]]
    dofs: Sequence[str]
    fixed_rad: Mapping[str, float]
    driven: Mapping[str, Sequence[str]]
    muscles: Sequence[str]
    mvc: Mapping[str, float]
    scaled_to: str
    notes: Mapping[str, Sequence[str]] = field(default_factory=dict)


def document(content: Content) -> str:
    """Return the set-up as TOML."""
    parts = [
        "\n".join([*_comments(content.notes.get("top", ())), f"title = {_quoted(content.title)}"]),
        _recording(content),
        *(_stream(content, role) for role in content.streams),
        _envelope(content),
        _model(content),
        _table("model.muscles", content.driven, content.notes.get("muscles", ())),
        _groups(content),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _recording(content: Content) -> str:
    if not content.recordings:
        return ""
    return _table("recording", content.recordings, content.notes.get("recording", ()))


def _stream(content: Content, role: str) -> str:
    stream = content.streams[role]
    rows = [*_comments(content.notes.get(role, ())), f"[streams.{role}]"]
    rows.append(f"name = {_quoted(stream.name)}")
    if stream.source_id:
        rows.append(f"source_id = {_quoted(stream.source_id)}")
    rows.append(f"rate_hz = {stream.rate_hz:.7g}")
    rows.append(f"unit = {_quoted(stream.unit)}")
    rows.append(f"channels = {_list(content.channels[role])}")
    if origins := content.origins.get(role):
        rows += ["", f"[streams.{role}.from]"]
        rows += [f"{_key(name)} = {_origin(label, stream)}" for name, label in origins.items()]
    return "\n".join(rows)


def _origin(label: str, stream: OfferedStream) -> str:
    """Return a sender's channel; by its place where its label is not there or not its own."""
    if stream.channels.count(label) == 1:
        return _quoted(label)
    return str(stream.channels.index(label) + 1)


def _envelope(content: Content) -> str:
    raw = bool(content.mvc)
    rows = [*_comments(content.notes.get("envelope", ())), "[envelope]"]
    rows += [f"kind = {_quoted('raw' if raw else 'envelope')}"]
    rows += [f"scaled_to = {_quoted(content.scaled_to)}"]
    if not raw:
        return "\n".join(rows)
    rows += ["", "[envelope.mvc]", *(f"{_key(k)} = {v:.4g}" for k, v in content.mvc.items())]
    return "\n".join(rows)


def _model(content: Content) -> str:
    rows = [*_comments(content.notes.get("model", ())), "[model]"]
    rows += [f"file = {_quoted(content.model_file)}", f"dofs = {_list(content.dofs)}"]
    rows += ["rate_hz = 100", 'use_muscles = "all"']
    if content.fixed_rad:
        held = ", ".join(f"{_key(k)} = {v:.4g}" for k, v in content.fixed_rad.items())
        rows.append(f"fixed_angles_rad = {{ {held} }}")
    return "\n".join(rows)


def _groups(content: Content) -> str:
    groups = strength_groups(content.muscles)
    note = ["Muscles that share one strength; one in no group has its own."]
    return _table("calibrator.strength_groups", groups, note)


def _table(name: str, table: Mapping[str, Sequence[str]], notes: Sequence[str]) -> str:
    rows = [f"{_key(key)} = {_list(names)}" for key, names in table.items()]
    return "\n".join([*_comments(notes), f"[{name}]", *rows])


def _list(names: Sequence[str]) -> str:
    """Return a list of strings, on several lines where one is too short."""
    line = f"[{', '.join(map(_quoted, names))}]"
    if len(line) <= _WIDTH:
        return line
    rows: list[str] = []
    row = ""
    for name in names:
        part = f"{_quoted(name)}, "
        if len(row) + len(part) > _WIDTH - 2:
            rows, row = [*rows, row], ""
        row += part
    return "\n  ".join(["[", *(one.rstrip() for one in [*rows, row])]) + "\n]"


def _comments(notes: Sequence[str]) -> list[str]:
    return [f"# {note}" for note in notes]


def _key(name: str) -> str:
    return tomlkit.key(name).as_string()


def _quoted(text: str) -> str:
    return tomlkit.string(text).as_string()
