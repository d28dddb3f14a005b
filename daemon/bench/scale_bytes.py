"""Bytes that grow with people and time: rows on the link, and a session on the disk."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from daemon.bench.latency.setup import free_port
from daemon.bench.scale_fit import growth
from daemon.config import Config
from daemon.ipc.messages import RowsMessage
from daemon.session.reader import open_session
from daemon.simulation.demo import demo
from pipeline.errors import UserError
from pipeline.output.message import StatusMessage
from pipeline.streams import clock
from pipeline.timebase.rows import PairedRows

RATE_HZ = 100.0
BATCH_ROWS = 10
"""Rows that the predictor sends at once: a tenth of a second."""
MUSCLES = (5, 10, 20, 43)
JOINTS = 3
SETTLING_S = 6.0
"""A session grows more slowly before the first updates."""


def link_growth(muscles: Sequence[int] = MUSCLES, joints: int = JOINTS) -> dict[str, Any]:
    """Return the bytes a second of paired rows, by muscles, as the predictor packs them.

    Returns
    -------
    dict
        ``points`` (``x`` muscles, ``bytes_per_s``), the fit ``bytes_per_s``, ``rate_hz`` and
        ``joints``.
    """
    rates = [RATE_HZ / BATCH_ROWS * len(_message(count, joints)) for count in muscles]
    return {
        "points": [{"x": x, "bytes_per_s": y} for x, y in zip(muscles, rates, strict=True)],
        "bytes_per_s": growth(muscles, rates).result(),
        "rate_hz": RATE_HZ,
        "joints": joints,
    }


def _message(muscles: int, joints: int) -> bytes:
    n = BATCH_ROWS
    numbers = np.random.default_rng(1).normal
    return RowsMessage.of(
        PairedRows(
            t=np.arange(n) / RATE_HZ,
            excitation=numbers(size=(n, muscles)),
            length=numbers(size=(n, muscles)),
            moment_arm=numbers(size=(n, joints, muscles)),
            moment=numbers(size=(n, joints)),
            valid=np.ones(n, dtype=bool),
            measured=np.ones((n, muscles), dtype=bool),
        )
    ).pack()


def session_growth(config: Config, seconds: float) -> dict[str, Any]:
    """Run the demo for a while and return how its session grows.

    Parameters
    ----------
    config
        A set-up with a simulated person; its addresses are replaced by free ones.
    seconds
        How long it runs, of which the first `SETTLING_S` do not count.

    Returns
    -------
    dict
        ``bytes_per_min``, the slope of the file's size over time, and ``bytes_per_min_sd``,
        ``points`` (``x`` s, ``bytes``), ``muscles``, ``joints`` and ``seconds``.

    Raises
    ------
    UserError
        If the run was too short to tell.
    """
    sizes: list[tuple[float, int]] = []
    with TemporaryDirectory() as folder:
        own = _own(config, Path(folder))
        file, began = Path(folder) / "session.db", clock.now()

        def look(_: StatusMessage) -> None:
            with suppress(UserError):  # it is still being made
                sizes.append((clock.now() - began, _size(file)))

        demo(own, Path("arm"), seconds=seconds, stop=threading.Event(), on_status=look)
    kept = [(t, size) for t, size in sizes if t >= sizes[0][0] + SETTLING_S] if sizes else []
    if len(kept) < 3:
        raise UserError(
            f"A run of {seconds:g} s is too short to see a session grow; give --session-seconds "
            f"{SETTLING_S + 10:g} or more, or 0 for none."
        )
    line = growth(*zip(*kept, strict=True))
    return {
        "bytes_per_min": 60.0 * line.slope,
        "bytes_per_min_sd": 60.0 * line.slope_sd,
        "points": [{"x": t, "bytes": size} for t, size in sizes],
        "muscles": len(config.model.muscles),
        "joints": len(config.model.dofs),
        "seconds": seconds,
    }


def _own(config: Config, folder: Path) -> Config:
    """Return the set-up with addresses and files of its own."""
    content = config.model_dump(by_alias=True, exclude_defaults=True)
    content["output"] = {
        "zmq": f"tcp://127.0.0.1:{free_port()}",
        "lsl_name": f"hillstream-bench-{uuid.uuid4().hex[:8]}",
    }
    content["control"] = {"address": f"ipc://{folder}/control"}
    content["session"] = {"file": folder / "session.db"}
    return Config.model_validate(content)


def _size(file: Path) -> int:
    """Return the size of a session, with what is still in its write-ahead log."""
    with open_session(file) as database:
        pages, page = (
            database.execute(f"PRAGMA {what}").fetchone()[0] for what in ("page_count", "page_size")
        )
    return int(pages * page)
