"""Tokens: who may see the cockpit, and who may command through it.

A token is 256 random bits. Its file holds names, rights and SHA-256 hashes, never a token; what is
that random cannot be guessed from its hash, so that neither salt nor a slow hash would add to it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import stat
import tomllib
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline.errors import UserError
from pipeline.files import written_whole

MOST_FILE_BYTES = 65_536
MOST_TOKENS = 200
LONGEST_TOKEN = 128
"""Characters; what is longer is not looked at."""
LOCAL = "local"
"""Who reads on this machine without a token; no token has this name."""
_TOKEN_BYTES = 32
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HEAD = (
    "# Who may use the cockpit (hillstream keys web). These are hashes: a token that is lost\n"
    "# cannot be read from here; revoke it and make a new one.\n"
)


class Right(StrEnum):
    """What a token allows; who may command may also read."""

    READ = "read"
    COMMAND = "command"


class Holder(BaseModel):
    """Somebody with a token."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: Annotated[str, Field(pattern=f"^{_NAME.pattern}$")]
    may: Right
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    made: date


class _Content(BaseModel):
    model_config = ConfigDict(extra="forbid")
    token: Annotated[tuple[Holder, ...], Field(max_length=MOST_TOKENS)] = ()

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        names = {holder.name for holder in self.token}
        if len(names) < len(self.token):
            raise ValueError("a name is there twice")
        if LOCAL in names:
            raise ValueError(f"nobody with a token is called '{LOCAL}'")
        return self


def read_holders(path: Path) -> tuple[Holder, ...]:
    """Return who has a token.

    Raises
    ------
    UserError
        If the file cannot be read, is open to others, or is no file of tokens.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read(MOST_FILE_BYTES + 1)
    except OSError as error:
        raise UserError(
            f"The tokens '{path}' cannot be read: {error.strerror}; make one with "
            "'hillstream keys web NAME --may read'."
        ) from error
    if mode & 0o077:
        raise UserError(f"The tokens '{path}' are open to others; run: chmod 600 {path}")
    if len(content) > MOST_FILE_BYTES:
        raise UserError(f"'{path}' has more than {MOST_FILE_BYTES} bytes; is it a file of tokens?")
    return _parsed(path, content)


def _parsed(path: Path, content: bytes) -> tuple[Holder, ...]:
    try:
        return _Content.model_validate(tomllib.loads(content.decode())).token
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "as a whole"
        told = f"{place}: {first['msg'].removeprefix('Value error, ')}"
    except (ValueError, RecursionError) as error:
        told = str(error)
    raise UserError(
        f"'{path}' is no file of tokens, {told}; move it away and make tokens with "
        "'hillstream keys web NAME --may read'."
    )


def add_token(path: Path, name: str, may: Right, today: date) -> str:
    """Make a token, add its hash to a file, which is made where there is none, and return it.

    Raises
    ------
    UserError
        If the name is none or taken, or the file cannot be read or written.
    """
    if not _NAME.fullmatch(name) or name == LOCAL:
        raise UserError(
            f"'{name}' cannot name a token; use up to 64 letters, digits, '.', '_' and '-', and "
            f"not '{LOCAL}'."
        )
    holders = read_holders(path) if path.exists() else ()
    if any(holder.name == name for holder in holders):
        raise UserError(
            f"'{path}' has a token of '{name}' already; choose another name, or take it away with "
            f"'hillstream keys web --revoke {name}'."
        )
    if len(holders) == MOST_TOKENS:
        raise UserError(f"'{path}' has {MOST_TOKENS} tokens, which is the most; revoke some.")
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    _write(path, (*holders, Holder(name=name, may=may, sha256=_hash(token), made=today)))
    return token


def revoke_token(path: Path, name: str) -> None:
    """Take a token away.

    Raises
    ------
    UserError
        If there is none of that name, or the file cannot be read or written.
    """
    holders = read_holders(path)
    left = [holder for holder in holders if holder.name != name]
    if len(left) == len(holders):
        names = ", ".join(holder.name for holder in holders) or "nobody"
        raise UserError(f"'{path}' has no token of '{name}'; it knows {names}.")
    _write(path, left)


def holder_of(token: str, holders: Sequence[Holder]) -> Holder | None:
    """Return whose token it is; how long it takes does not depend on how much of it is right."""
    if len(token) > LONGEST_TOKEN:
        return None
    given, found = _hash(token), None
    for holder in holders:  # all of them, whichever it is
        if hmac.compare_digest(holder.sha256, given):
            found = holder
    return found


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _write(path: Path, holders: Sequence[Holder]) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    text = _HEAD + "".join(
        f"\n[[token]]\nname = {json.dumps(holder.name)}\nmay = {json.dumps(holder.may)}\n"
        f'sha256 = "{holder.sha256}"\nmade = {holder.made.isoformat()}\n'
        for holder in holders
    )
    try:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))  # the mode that it then keeps
        with written_whole(path, text):
            pass
    except OSError as error:
        raise UserError(f"The tokens '{path}' cannot be written: {error.strerror}.") from error
