"""Every request to a running daemon, what it takes, and the reply."""

from __future__ import annotations

from itertools import chain, combinations
from typing import Any, get_origin

from pydantic import BaseModel, ValidationError

from daemon.ipc.requests import Command, Reply, Request
from hillstream_reference.commands import walk
from hillstream_reference.markdown import code, plain, table
from hillstream_reference.messages import parameters
from hillstream_reference.types import words


def text() -> str:
    """Return the commands, then the keys of a request and of a reply."""
    heads = ("command", "needs", "may have", "what it does")
    commands = table(heads, (_command(one) for one in Command))
    parts = ("## Commands", commands, "## Keys of a request", _keys(Request))
    return "\n\n".join((*parts, "## Keys of a reply", _keys(Reply)))


def _command(command: Command) -> tuple[str, ...]:
    needed, taken = keys_of(command)
    lists = (", ".join(map(code, sorted(keys))) for keys in (needed, taken - needed))
    helped = {path.removeprefix("hillstream ctl "): one for path, one in walk()}
    typed = helped.get(command.value.split()[0])
    told = plain(typed.get_short_help_str(limit=200)) if typed else "[control.md](../control.md)"
    return code(command.value), *lists, told


def keys_of(command: Command) -> tuple[set[str], set[str]]:
    """Return the keys a command cannot do without, and all it takes, by trying what is valid."""
    others = {name: _example(name) for name in Request.model_fields if name not in ("v", "command")}
    sizes = range(len(others) + 1)
    subsets = chain.from_iterable(combinations(others, size) for size in sizes)
    valid = [set(one) for one in subsets if _is_valid(command, {k: others[k] for k in one})]
    return set.intersection(*valid), set.union(*valid)


def _is_valid(command: Command, keys: dict[str, Any]) -> bool:
    try:
        Request(command=command, **keys)
    except ValidationError:
        return False
    return True


def _example(name: str) -> Any:
    kind = words(Request.model_fields[name].annotation)
    if get_origin(Request.model_fields[name].annotation) is list:
        return ["x"]
    return True if kind == "true or false" else 1 if kind.startswith("whole") else "x"


def _keys(model: type[BaseModel]) -> str:
    told = parameters(model.__doc__ or "") | {"v": "Schema version."}
    rows = (
        (code(name), words(field.annotation, field.metadata), plain(told[name]))
        for name, field in model.model_fields.items()
    )
    return table(("key", "type", "meaning"), rows)
