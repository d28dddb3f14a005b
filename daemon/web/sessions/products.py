"""What is made of a session on request: facts, pages, figures, tables, a person."""

from __future__ import annotations

import json
import math
import tempfile
import threading
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from daemon.report.comparison import compare
from daemon.report.comparison_table import figures as comparison_figures
from daemon.report.fatigue import assess
from daemon.report.material import Errors, Material, load
from daemon.report.quality.assessment import quality_of
from daemon.report.summary import muscles_in_words, summary
from daemon.session.export import export
from daemon.session.reader import open_session
from daemon.web.sessions.row import row_of
from pipeline.errors import UserError, needing
from pipeline.metrics import known, rms_of_known
from pipeline.update import Result

MINUTE_S = 60.0
_DRAWING = threading.Lock()
"""The look of figures is set for the whole process while one is drawn."""


def facts(path: Path) -> bytes:
    """Return what there is to know of one session, as JSON."""
    material = load(path)
    verdicts, quality = assess(material), quality_of(path, material)
    return as_json(
        {
            **asdict(row_of(path)),
            "quality": quality.figures(),
            "seconds": material.seconds,
            "about": material.facts,
            "channels": list(material.emg),
            "rmse": {dof: _first_and_last(course) for dof, course in material.errors.items()},
            "updates": _updates(material),
            "version": _newest_version(path),
            "marks": [
                {"t": e.t, "text": e.sentence} for e in material.events if e.source == "mark"
            ],
            "events": [event._asdict() for event in material.events if event.source != "mark"],
            "verdict": " ".join(muscles_in_words(verdicts)),
            "summary": [quality.verdict, *summary(material, verdicts)],
            "muscle_verdicts": [
                {"muscle": one.muscle, "kind": one.kind, "sentence": one.sentence}
                for one in verdicts
            ],
        }
    )


def report(path: Path) -> bytes:
    """Return a session's report as an HTML page that needs no other file."""
    with needing("A report", "report"):
        from daemon.report.page import drawn, page
    material = load(path)
    verdicts, quality = assess(material), quality_of(path, material)
    with _DRAWING:
        figures = drawn(material, verdicts, quality)
        return page(material, verdicts, quality, figures).encode()


def comparison(a: Path, b: Path) -> bytes:
    """Return what changed from one session to another, as JSON."""
    return as_json(comparison_figures(compare(load(a), load(b))))


def figures(path: Path) -> bytes:
    """Return a session's figures, PNG files in a ZIP archive."""
    with needing("A report", "report"):
        from daemon.report.page import drawn, write_png
    material = load(path)
    with tempfile.TemporaryDirectory(prefix="hillstream-") as folder, _DRAWING:
        found = drawn(material, assess(material), quality_of(path, material))
        archive = BytesIO()
        _pack(archive, write_png(found, Path(folder)))
        return archive.getvalue()


def tables(path: Path, parquet: bool) -> IO[bytes]:
    """Return a session's tables in a ZIP archive: a file without a name, to be read and closed."""
    try:
        with tempfile.TemporaryDirectory(prefix="hillstream-") as folder, ExitStack() as opened:
            archive = opened.enter_context(tempfile.TemporaryFile(prefix="hillstream-"))
            _pack(archive, export(path, Path(folder), parquet, lambda done: None))
            archive.seek(0)
            opened.pop_all()
            return archive
    except OSError as error:
        raise UserError(
            f"The tables cannot be written to {tempfile.gettempdir()} ({error.strerror}); make "
            "room there, or use 'hillstream export'."
        ) from error


def subject(path: Path, version: int | None) -> bytes:
    """Return the person that a session found, the content of a subject file."""
    from daemon.subjects.recorded import recorded_person

    return recorded_person(path, version).subject.text().encode()


def as_json(value: Mapping[str, Any]) -> bytes:
    """Return JSON; numbers that are not finite become null."""
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _pack(archive: IO[bytes], files: Iterable[Path]) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as packed:
        for file in files:
            packed.write(file, file.name)


def _first_and_last(course: Errors) -> dict[str, float | None]:
    """Return a joint's RMSE in the first and in the last minute, N*m."""
    if not len(course.t):
        return {"first_minute": None, "last_minute": None}
    first, last = course.t[0] + MINUTE_S, course.t[-1] - MINUTE_S
    return {
        "first_minute": known(rms_of_known(course.rmse[course.t <= first])),
        "last_minute": known(rms_of_known(course.rmse[course.t >= last])),
    }


def _updates(material: Material) -> dict[str, Any]:
    return {
        "tried": sum(material.updates.values()),
        "accepted": material.accepted,
        "rejected": material.updates.get(Result.REJECTED, 0),
        "refused": dict(material.refused),
        "results": dict(material.updates),
    }


def _newest_version(path: Path) -> int:
    """Return the version of the set that was in force last; 0 is the start."""
    with open_session(path) as database:
        row = database.execute("SELECT max(version) FROM candidate WHERE accepted").fetchone()
    return int(row[0] or 0)
