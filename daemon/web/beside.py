"""The cockpit as a process of its own beside a daemon, which never suffers by it."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from pipeline.errors import UserError, needing
from pipeline.transport.curve import ClientKeys, KeyPair

PATIENCE_S = 5.0

logger = logging.getLogger(__name__)


@contextmanager
def cockpit_beside(
    address: str, control: str | None, listen: str, sessions: Path, keys: ClientKeys | None
) -> Iterator[None]:
    """Show the page while the daemon works; parameters as those of `daemon.web.cockpit.Settings`.

    Where it cannot be shown, or ends too soon, the log says so in a sentence, and nothing else
    happens.
    """
    begin = "from daemon.web.beside import main; main(sys.stdin)"
    code = f"import sys; sys.path[:] = {sys.path!r}; {begin}"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is the daemon's, which ends the page in its turn
    )
    told = {
        "address": address,
        "control": control,
        "listen": listen,
        "sessions": str(sessions),
        "keys": _written(keys),
    }
    ending = threading.Event()
    watch = threading.Thread(target=_watch, args=(process, listen, ending), daemon=True)
    watch.start()
    _write_line(process, json.dumps(told))
    try:
        yield
    finally:
        ending.set()
        _end(process)
        watch.join(PATIENCE_S)


def _written(keys: ClientKeys | None) -> list[str] | None:
    if keys is None:
        return None
    return [key.decode() for key in (keys.own.public, keys.own.secret, keys.server)]


def _read(keys: list[str] | None) -> ClientKeys | None:
    if keys is None:
        return None
    public, secret, server = (key.encode() for key in keys)
    return ClientKeys(KeyPair(public, secret), server)


def _write_line(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # it has died already; the watch tells
        process.stdin.write(f"{line}\n")
        process.stdin.flush()


def _end(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _watch(process: subprocess.Popen[str], listen: str, ending: threading.Event) -> None:
    """Pass on what the process logs; tell of its end where it comes too soon."""
    assert process.stderr is not None
    assert process.stdout is not None
    with process.stdout, process.stderr:
        for line in process.stderr:
            logger.warning("%s", line.rstrip())
        complaint = process.stdout.read().strip()
    status = process.wait()
    if not ending.is_set():
        why = complaint or f"It ended with status {status}."
        logger.warning(
            "The page on %s is not shown, and the daemon goes on without it: %s", listen, why
        )


def main(stdin: IO[str]) -> None:
    """Show the page that the first line of `stdin` describes, until `stdin` ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    told = json.loads(stdin.readline())
    stop = threading.Event()
    threading.Thread(target=_stop_at_end_of, args=(stdin, stop), daemon=True).start()
    try:
        _show(told, stop)
    except UserError as error:
        print(error)  # noqa: T201
        sys.exit(2)


def _stop_at_end_of(stdin: IO[str], stop: threading.Event) -> None:
    stdin.read()
    stop.set()


def _show(told: dict[str, Any], stop: threading.Event) -> None:
    with needing("The page", "web"):
        from daemon.web.cockpit import Settings, run
    settings = Settings(
        address=told["address"],
        control=told["control"],
        listen=told["listen"],
        sessions=Path(told["sessions"]),
        tokens=Path(TOKENS),
        keys=_read(told["keys"]),
    )
    run(settings, stop, lambda _: None)


TOKENS = "web-tokens.toml"
"""File of tokens, in the folder where the daemon is started, unless another is named."""
