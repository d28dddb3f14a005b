"""The calibrations of a study: people, times set-ups, times folds or draws."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from daemon.assembly.checks import checked_config
from daemon.cohort import digest
from daemon.cohort.people import Person
from daemon.cohort.study import Study, pieces_of, too_few
from daemon.config import Config
from daemon.offline.segments import Kind, Passage, parse_ranges
from pipeline.errors import UserError
from pipeline.streams.recordings.given import Source

WHOLE_DRAW = 0
"""The draw that is all of what is chosen; folds and resamples count from 1."""


@dataclass(frozen=True)
class Case:
    """One calibration that is asked for.

    Parameters
    ----------
    id
        Its name, made of all that its outcome depends on.
    setup
        Name of the set-up.
    draw
        Number of the fold or resample; 0 is all of what is chosen.
    ranges
        What is learnt from, in `kind`; a resample may hold one several times.
    problem
        Why it cannot be calibrated; None where it can.
    """

    id: str
    person: str
    group: str
    setup: str
    draw: int
    recordings: tuple[Source, ...]
    heldout: tuple[Source, ...]
    kind: Kind
    ranges: tuple[Passage, ...]
    stance: bool
    problem: str | None = None


class Setup(NamedTuple):
    """A set-up, and the name of what it and its files say."""

    config: Config
    id: str


def read_setups(study: Study) -> dict[str, Setup]:
    """Return the set-ups of a study by name, as they are calibrated: a thread each.

    Raises
    ------
    UserError
        If one does not exist or does not fit together.
    """
    found = {}
    for name in study.setups:
        config = checked_config(name)
        calibrator = config.calibrator.model_copy(update={"threads": 1})
        config = config.model_copy(update={"calibrator": calibrator})
        found[Path(name).stem] = Setup(config, digest.of_setup(config))
    return found


def cases_of(study: Study, people: Sequence[Person], setups: Mapping[str, Setup]) -> list[Case]:
    """Return every calibration of a study, in the order of the table."""
    return [case for person in people for case in _cases_of(study, person, setups)]


def _cases_of(study: Study, person: Person, setups: Mapping[str, Setup]) -> Iterator[Case]:
    kind, problem, pieces = study.calibrate.kind, None, study.calibrate.ranges
    try:
        if person.ranges is not None:
            pieces = parse_ranges(kind, [person.ranges])
    except UserError as error:
        problem = str(error)
    if refusal := too_few(study.study, len(pieces_of(kind, pieces))):
        problem = problem or f"{refusal[0].upper()}{refusal[1:]}."
    draws = [(WHOLE_DRAW, pieces)] if problem else _draws(study, person.name, pieces)
    files = [[digest.of_recording(s) for s in each] for each in (person.recordings, person.heldout)]
    for name, setup in setups.items():
        for draw, ranges in draws:
            asked = [digest.version(), setup.id, *files, kind, ranges, study.calibrate.stance]
            yield Case(
                digest.of_data([person.name, draw, problem, *asked]),
                person.name,
                person.group,
                name,
                draw,
                person.recordings,
                person.heldout,
                kind,
                tuple(ranges),
                study.calibrate.stance,
                problem,
            )


def _draws(study: Study, name: str, ranges: list[Passage]) -> list[tuple[int, list[Passage]]]:
    """Return what is learnt from in each fold or resample; a person's do not depend on others'."""
    pieces = pieces_of(study.calibrate.kind, ranges)
    random = np.random.default_rng([study.seed, zlib.crc32(name.encode())])
    match study.study.type:
        case "folds":
            fold = random.permutation(len(pieces)) % study.study.folds
            return [
                (k + 1, [piece for piece, own in zip(pieces, fold, strict=True) if own != k])
                for k in range(study.study.folds)
            ]
        case "bootstrap":
            count = study.study.resamples
            chosen = np.sort(random.integers(0, len(pieces), (count, len(pieces))), axis=1)
            drawn = [(k, [pieces[i] for i in row]) for k, row in enumerate(chosen, 1)]
            return [(WHOLE_DRAW, ranges), *drawn]
    return [(WHOLE_DRAW, ranges)]
