"""All that a table of results was made of, so that it can be made again."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from daemon.cohort import digest
from daemon.cohort.people import Person
from daemon.cohort.plan import Plan

_PACKAGES = ("torch", "numpy", "scipy", "pyarrow")


def made_of(plan: Plan) -> dict[str, Any]:
    """Return study, set-ups, people and versions as JSON holds them."""
    return {
        "study": plan.study.model_dump(mode="json"),
        "setups": {
            name: {"id": setup.id, "config": setup.config.model_dump(mode="json")}
            for name, setup in plan.setups.items()
        },
        "people": [_told(person) for person in plan.people],
        "versions": {"hillstream": digest.version(), "python": platform.python_version()}
        | {name: metadata.version(name) for name in _PACKAGES},
    }


def _told(person: Person) -> Mapping[str, Any]:
    return {
        "person": person.name,
        "group": person.group,
        "ranges": person.ranges,
        "recordings": {str(one): digest.of_recording(one) for one in person.recordings},
        "heldout": {str(one): digest.of_recording(one) for one in person.heldout},
    }
