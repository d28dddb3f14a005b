"""What daemon and calibrator have to agree on, and how two set-ups that do not are told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib import metadata
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from daemon.assembly.model import model_in_use
from daemon.assembly.subject import unknown_person
from daemon.config import Config
from pipeline.files import parsed_json
from pipeline.sentences import listed

Names = Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=1000)]
Digest = Annotated[str, Field(max_length=64)]
_OWN = {"enabled", "where", "server_key", "device", "threads"}
"""Keys of [calibrator] that each machine may set as it likes."""
_PERSONS = {"mvc", "baseline"}
"""Keys of [envelope] that are each person's."""


class SetUpShape(BaseModel):
    """A set-up as far as the calibration depends on it.

    Parameters
    ----------
    muscles, dofs, rate_hz
        Of the rows.
    parts
        Digests of the rest, by what a user would look at.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    muscles: Names
    dofs: Names
    rate_hz: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    parts: Annotated[dict[Annotated[str, Field(max_length=50)], Digest], Field(max_length=20)]


def shape_of(config: Config) -> SetUpShape:
    """Return the shape of a set-up; raises UserError where its model cannot be read."""
    model = model_in_use(config)
    section, delay = config.calibrator, config.model.electromechanical_delay_s
    parts: dict[str, object] = {
        "the muscles of model.file": unknown_person(config, model).content(),
        "[calibrator]": section.model_dump(mode="json", exclude=_OWN),
        "[model.muscles]": config.model.muscles,
        "model.electromechanical_delay_s": delay,
        "[envelope]": config.envelope.model_dump(mode="json", exclude=_PERSONS),
        "[synergies] and [failover]": [
            config.synergies.model_dump(mode="json"),
            config.failover.enabled,
        ],
        "[skeleton]": _skeleton(config),
    }
    return SetUpShape(
        muscles=list(model.muscle_names),
        dofs=config.model.dofs,
        rate_hz=config.model.rate_hz,
        parts={name: _digest(part) for name, part in parts.items()},
    )


def _skeleton(config: Config) -> object:
    section = config.skeleton
    if section is None or not config.torque_free:
        return None
    told = section.model_dump(mode="json", exclude={"file"})
    return [told, parsed_json(section.file)]


def _digest(part: object) -> str:
    text = json.dumps(part, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def difference(daemon: SetUpShape, calibrator: SetUpShape) -> str:
    """Return how a daemon's set-up differs from the calibrator's, in words; empty where not."""
    for what in ("muscles", "dofs"):
        theirs, ours = getattr(daemon, what), getattr(calibrator, what)
        if theirs != ours:
            return _named(theirs, ours, what)
    if daemon.rate_hz != calibrator.rate_hz:
        return (
            f"the daemon's model.rate_hz is {daemon.rate_hz:g}, "
            f"the calibrator's {calibrator.rate_hz:g}"
        )
    wrong = _unlike(daemon.parts, calibrator.parts)
    return f"{' and '.join(wrong)} differ{'s' if len(wrong) == 1 else ''}" if wrong else ""


def _unlike(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    names = [*other, *(name for name in one if name not in other)]
    return [name for name in names if one.get(name) != other.get(name)]


def _named(theirs: list[str], ours: list[str], what: str) -> str:
    if sorted(theirs) == sorted(ours):
        return f"the {what} are in another order"
    sides = {
        "the daemon": [name for name in theirs if name not in ours],
        "the calibrator": [name for name in ours if name not in theirs],
    }
    told = [f"only {who} has {listed(names, 5)}" for who, names in sides.items() if names]
    return f"of the {what}, {' and '.join(told)}"


def installed_version() -> str:
    """Return the version of hillstream that runs here."""
    try:
        return metadata.version("hillstream")
    except metadata.PackageNotFoundError:
        return "of a source tree"
