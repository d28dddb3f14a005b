"""A study with its people and set-ups, cut into batches: what is asked, what is finished."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from daemon.cohort.batches import Batch, batches_of
from daemon.cohort.cases import Case, Setup, cases_of, read_setups
from daemon.cohort.digest import version
from daemon.cohort.people import Person, read_people
from daemon.cohort.study import Study
from daemon.cohort.study_file import load_study


class Part(NamedTuple):
    """One of several shares of a study."""

    number: int
    """From 1."""
    of: int

    def share(self, batches: Sequence[Batch]) -> list[Batch]:
        """Return the batches of this part."""
        return list(batches[self.number - 1 :: self.of])


@dataclass(frozen=True)
class Plan:
    """What a study asks for."""

    study: Study
    people: list[Person]
    setups: Mapping[str, Setup]
    cases: list[Case]
    batches: list[Batch]

    def asked(self) -> dict[str, Any]:
        """Return what must be the same for finished work to count."""
        study = self.study
        return {
            "hillstream": version(),
            "setups": {name: setup.id for name, setup in self.setups.items()},
            "calibrate": study.calibrate.model_dump(mode="json"),
            "study": study.study.model_dump(mode="json"),
            "seed": study.seed,
        }

    def left(self, finished: Collection[str], part: Part) -> list[Batch]:
        """Return what a part still has to compute."""
        done = set(finished)
        remaining = (batch.without(done) for batch in part.share(self.batches))
        return [batch for batch in remaining if batch.cases]


def planned(path: Path) -> Plan:
    """Read a study and all that it names.

    Raises
    ------
    UserError
        If the study, its table or a set-up cannot be read or is wrong.
    """
    study = load_study(path)
    people = read_people(study.table, study.columns)
    setups = read_setups(study)
    cases = cases_of(study, people, setups)
    return Plan(study, people, setups, cases, batches_of(cases, setups, study.run))
