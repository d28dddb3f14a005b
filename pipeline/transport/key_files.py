"""Keys in files and in the configuration: who the daemon is, and whom it lets in.

A key file is text: comments, then one key of 40 characters. ``NAME.key`` holds the secret key and
is for its owner alone; ``NAME.pub`` holds the public key and may be given to anyone.
"""

from __future__ import annotations

import os
import re
import stat
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from zmq.utils import z85

from pipeline.errors import UserError
from pipeline.transport.curve import ClientKeys, KeyPair

if TYPE_CHECKING:
    pass

MAX_FILE_BYTES = 4096
PUBLIC, SECRET = ".pub", ".key"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def new_keys(name: str, folder: Path) -> tuple[Path, Path]:
    """Make a key pair and write it; returns the files of the secret and of the public key.

    Raises
    ------
    UserError
        If the name is no file name, a file is there already, or the folder cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise UserError(
            f"'{name}' cannot name a key; use up to 64 letters, digits, '.', '_' and '-'."
        )
    pair, secret, public = KeyPair.new(), folder / f"{name}{SECRET}", folder / f"{name}{PUBLIC}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if public.exists():
            raise FileExistsError(None, None, str(public))
        _write(
            secret, 0o600, f"# Secret key of {name} (hillstream). Show it to nobody.", pair.secret
        )
        _write(public, 0o644, f"# Public key of {name} (hillstream).", pair.public)
    except FileExistsError as error:
        raise UserError(
            f"'{error.filename}' is there already and is not overwritten; choose another name, or "
            "move the old key away."
        ) from error
    except OSError as error:
        raise UserError(f"Keys cannot be written to '{folder}': {error.strerror}.") from error
    return secret, public


def _write(path: Path, mode: int, comment: str, key: bytes) -> None:
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "w") as file:
        file.write(f"{comment}\n{key.decode()}\n")


def read_pair(path: Path) -> KeyPair:
    """Return the pair whose secret key is in a file.

    Raises
    ------
    UserError
        If the file cannot be read, is no key, or can be read by others than its owner.
    """
    key = _read(path)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise UserError(f"The secret key '{path}' is open to others; run: chmod 600 {path}")
    return KeyPair.of_secret(key)


def read_public(key: str) -> bytes:
    """Return a public key, given as such or as a file.

    Raises
    ------
    UserError
        If it is neither a key nor a file with one.
    """
    path = Path(key)
    if not exists(path) and _is_key(key):
        return key.encode()
    if path.suffix == SECRET:
        raise UserError(f"'{path}' is a secret key; give the public one, with the end {PUBLIC}.")
    return _read(path)


def exists(path: Path) -> bool:
    """Tell whether there is such a file; there is none of a name that no file can have."""
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, or with a zero byte
        return False


def beside(entry: str, folder: Path) -> str:
    """Return the path of a file or folder relative to `folder`; what is none stays as it is."""
    return str(folder / entry) if exists(folder / entry) else entry


def _is_key(text: str) -> bool:
    try:
        return len(text) == 40 and len(z85.decode(text.encode("ascii"))) == 32
    except (KeyError, ValueError, struct.error):  # characters or groups of them that are not Z85
        return False


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE_BYTES).decode("ascii")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not a text file"
        raise UserError(f"The key '{path}' cannot be read: {reason}.") from error
    lines = [line.strip() for line in text.splitlines() if not line.startswith("# ")]
    lines = [line for line in lines if line]
    if len(lines) != 1 or not _is_key(lines[0]):
        raise UserError(f"'{path}' does not hold a key; make one with 'hillstream keys new NAME'.")
    return lines[0].encode()


def listed(entries: Iterable[str]) -> frozenset[bytes]:
    """Return the public keys in a list of keys, files, and folders of files.

    Raises
    ------
    UserError
        If an entry is none of these.
    """
    keys: set[bytes] = set()
    for entry in entries:
        path = Path(entry)
        if exists(path) and path.is_dir():
            keys |= {_read(file) for file in path.glob(f"*{PUBLIC}")}
        else:
            keys.add(read_public(entry))
    return frozenset(keys)


def client_keys(own: Path | None, server: str | None) -> ClientKeys | None:
    """Return the keys of a client that is given its secret key's file and the server's public key.

    Raises
    ------
    UserError
        If only one of them is given, or one is no key.
    """
    if own is None and server is None:
        return None
    if own is None or server is None:
        raise UserError("--key and --server-key go together: your secret key, and the daemon's.")
    return ClientKeys(read_pair(own), read_public(server))
