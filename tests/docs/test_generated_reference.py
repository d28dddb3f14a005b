"""The reference says all that the code knows, and in words."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import click
import pytest
from hillstream_reference import MARK, PARTS, commands, configuration, control, filled
from hillstream_reference.markdown import plain, unit_in
from hillstream_reference.messages import parameters
from hillstream_reference.types import words
from places import DOCS
from pydantic import Field

from daemon.cli import main
from daemon.config import Config, StreamConfig
from daemon.ipc.requests import Command, Request
from daemon.session.meanings import MEANINGS, undescribed
from daemon.session.schema import TABLES
from pipeline.output.message import TOPICS, Status


def rows(text):
    """Return the cells of every row of the tables in a text."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in lines
        if "---" not in line
    ]


@pytest.mark.parametrize("part", PARTS)
def test_a_page_asks_for_each_part_and_every_row_is_whole(part):
    page = DOCS / "reference" / f"{part}.md"
    assert MARK.findall(page.read_text(encoding="utf-8")) == [part]
    text = PARTS[part]()
    assert "<!--" not in filled(page.read_text(encoding="utf-8"))
    for row in rows(text):
        assert row[0], row
        assert row[-1], row


def test_a_part_that_is_not_known_is_an_error():
    with pytest.raises(KeyError, match="weather"):
        filled("<!-- generated: weather -->")


def test_every_key_of_the_configuration_is_there_with_what_it_means():
    text = configuration.text()
    for places, model in configuration.tables():
        assert all(f"`{place}`" in text for place in places if place)
        for name, field in model.model_fields.items():
            key = f"`{field.alias or name}`"
            assert any(row[0] == key and row[4] for row in rows(text)), (model, name)
    assert "`[streams.emg]`, `[streams.angles]`" in text
    assert "## `[[simulation.fatigue]]`" in text
    assert "## `[streams.emg.from.NAME]`" in text


@pytest.mark.parametrize(
    ("key", "cells"),
    [
        ("max_moment_nm", ["number, above 0", "N·m", "`300`"]),
        ("muscles_hz", ["number, from 0 to 1000", "Hz", "`0`"]),
        ("udp_version", ["`1`, `2`", "", "`1`"]),
        ("lsl_name", ["text", "", '`"hillstream"`']),
        ("trust_generic", ["true or false", "", "`false`"]),
        ("cross_fade_limit_nm_per_s", ["number, above 0", "N·m/s", "`50`"]),
        ("band_hz", ["list of 2: number each", "Hz", "`[30, 300]`"]),
        ("unit", ["text", "", "*needed*"]),
    ],
)
def test_a_key_has_its_type_unit_and_default(key, cells):
    assert cells in [row[1:4] for row in rows(configuration.text()) if row[0] == f"`{key}`"]


def test_the_streams_share_one_table():
    shared = [places for places, model in configuration.tables() if model is StreamConfig]
    assert [len(places) for places in shared] == [5]
    assert configuration.tables()[0] == ([""], Config)


def test_every_command_is_there_with_every_option():
    text = commands.text()
    paths = [path for path, _ in commands.walk()]
    assert {f"hillstream {name}" for name in main.commands} <= set(paths)
    assert "hillstream ctl mvc" in paths
    for path, command in commands.walk():
        assert command is main or f"\n## {path}\n" in text
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden and command is not main:
                assert option.opts[0] in text.split(f"\n## {path}\n")[1].split("\n## ")[0]


def test_every_message_field_and_status_is_there():
    cells = {row[0] for row in rows(PARTS["messages"]())}
    for kind in TOPICS.values():
        assert {f"`{field.alias or name}`" for name, field in kind.model_fields.items()} <= cells
    assert {f"`{status}`" for status in Status} <= cells
    assert {"`clock_offset_s`", "`lost_datagrams`", "`expected`"} <= cells


def test_every_column_of_a_session_is_described():
    assert undescribed() == []
    assert all(text.endswith(".") for _, told in MEANINGS.values() for text in told.values())
    assert sum(map(len, TABLES.values())) < len(rows(PARTS["session"]()))


def test_what_a_request_needs_is_found_by_trying():
    assert control.keys_of(Command.ROLLBACK)[0] == {"version"}
    assert control.keys_of(Command.MARK)[0] == {"text"}
    assert control.keys_of(Command.PAUSE)[0] == set()
    assert "channels" in control.keys_of(Command.MVC_START)[1]
    assert "channels" not in control.keys_of(Command.PAUSE)[1]
    told = parameters(Request.__doc__)
    assert set(Request.model_fields) - {"v"} <= set(told)


@dataclass
class Inner:
    x: int


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Annotated[float, Field(ge=0, le=2)], "number, from 0 to 2"),
        (Annotated[int, Field(ge=1)] | None, "whole number, from 1"),
        (dict[str, list[str]], "table of list of text"),
        (Literal["a", 2], '`"a"`, `2`'),
        (tuple[float, ...], "list of number"),
        (Path, "path"),
        (Inner, "table"),
        (object, "any"),
    ],
)
def test_types_are_words(kind, expected):
    assert words(kind) == expected


def test_text_of_the_code_is_no_markup():
    assert plain("N*m [a] | <b>, see docs/udp.md") == r"N·m \[a\] \| \<b>, see [udp.md](../udp.md)"
    assert (unit_in("A time, s; more."), unit_in("A share.")) == ("s", "")
