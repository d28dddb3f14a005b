"""One simulated person, from the first second to the last, as the live daemon would see them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.assembly.subject import generic_subject
from daemon.config import Config
from daemon.offline.score import score
from daemon.simulation.lab import Lab
from pipeline.geometry import load_model
from pipeline.live import Paired
from pipeline.metrics import known, rms_of_known
from pipeline.model.parameters import RELATIVE
from pipeline.streams.recordings.recording import Recording
from pipeline.update import Update
from tools.studies.people.drawing import person
from tools.studies.people.recordings import recorded

Array = NDArray[np.float64]

BEFORE_S, AFTER_S, LAST_S = (0.0, 5.0), (20.0, 25.0), 10.0
"""What is compared, s since the lab began: before, after 20 s, and this much at the end."""
LEARNT = 0.5
"""A set counts as learnt where its held-out squared error, as a share of the variance and in the
mean over the joints, is below this."""


@dataclass
class Course:
    """What came of a run, as it goes on."""

    t: list[Array] = field(default_factory=list)
    error: list[Array] = field(default_factory=list)
    moment: list[Array] = field(default_factory=list)
    accepted: list[Update] = field(default_factory=list)

    def pair(self, paired: Paired) -> None:
        """Take predictions whose reference has come; those that are not valid do not count."""
        rows = paired.rows
        moment = np.where(rows.valid[:, None], rows.moment, np.nan)
        self.t.append(rows.t)
        self.moment.append(moment)
        self.error.append(paired.predicted - moment)

    def update(self, update: Update) -> None:
        """Take an update, if it put a set in force."""
        if update.adopted:
            self.accepted.append(update)

    def relative(self, start_s: float, stop_s: float) -> list[float | None]:
        """Return the RMSE of each joint over the RMS of its moment, between two times."""
        t = np.concatenate(self.t)
        chosen = (t >= start_s) & (t < stop_s)
        error, moment = (np.concatenate(one)[chosen] for one in (self.error, self.moment))
        return [
            known(rms_of_known(e) / rms_of_known(m)) for e, m in zip(error.T, moment.T, strict=True)
        ]

    def learnt_s(self, dofs: int) -> float | None:
        """Return the time of the first accepted set that had learnt enough; see `LEARNT`."""
        errors = ((update.t, update.error_after) for update in self.accepted)
        return next((t for t, e in errors if e is not None and e / dofs < LEARNT), None)


def lived(config: Config, recording: Recording) -> dict[str, Any]:
    """Let a person's recording pass through the daemon; return how well it did.

    Returns
    -------
    dict
        ``before``, ``after`` and ``last`` {dof: RMSE over the RMS of the moment}; ``at_bound``
        (parameters of the set in force at the end), ``delay_s`` and ``delay_deviation_s`` (of
        that set, the latter None before any was accepted), ``learnt_s`` (time of the first accepted
        set that had learnt enough, see `LEARNT`), ``updates`` {result: count} and ``nonfinite``.
    """
    course = Course()
    result = score(config, recording, on_paired=course.pair, on_update=course.update)
    end = recording.start + recording.duration_s
    windows = {"before": BEFORE_S, "after": AFTER_S, "last": (end - LAST_S, end)}
    dofs = config.model.dofs
    found: dict[str, Any] = {
        name: dict(zip(dofs, course.relative(*window), strict=True))
        for name, window in windows.items()
    }
    last = course.accepted[-1] if course.accepted else None
    return found | {
        "at_bound": len(last.at_bound) if last else 0,
        "delay_s": result["delay_s"],
        "delay_deviation_s": result["delay_deviation_s"],
        "learnt_s": course.learnt_s(len(dofs)),
        "updates": {str(kind): count for kind, count in result["updates"].items()},
        "nonfinite": result["nonfinite"],
    }


def informed(config: Config, folder: Path) -> Config:
    """Return the set-up that knows the person, and so has nothing to learn.

    What is left of the error comes from the EMG's own noise. It is not the least there can be:
    parameters that are fitted make up for some of it.

    Parameters
    ----------
    folder
        Where the person's parameters are written.
    """
    truth: dict[str, Any] = Lab(config).truth()
    generic = generic_subject(load_model(config.model.file))
    values = generic.values()
    place = [generic.muscles.index(muscle) for muscle in truth["muscles"]]
    for name, true in truth["parameters"].items():
        scale = values[name][place] if name in RELATIVE else 1.0
        values[name] = values[name].copy()
        values[name][place] = scale * np.array(true)
    subject = generic.with_values(values)
    file = folder / "subject.json"
    subject.save(file)
    gain, mvc = config.simulation.emg_gain, config.envelope.mvc
    delay = {"electromechanical_delay_s": config.simulation.electromechanical_delay_s}
    changes = {
        "model": config.model.model_copy(update={"subject": file, **delay}),
        "envelope": config.envelope.model_copy(
            update={"mvc": {name: gain.get(name, 1.0) * value for name, value in mvc.items()}}
        ),
        "calibrator": config.calibrator.model_copy(update={"enabled": False}),
    }
    return config.model_copy(update=changes)


def one(
    config: Config, seconds: float, cache: Path | None, known_too: bool, seed: int
) -> dict[str, Any]:
    """Draw a person, record them, and let the daemon learn who they are.

    Returns
    -------
    dict
        What `lived` does; ``seed`` and ``drawn`` (who the person is); ``known`` {dof: RMSE
        over RMS after 20 s with the true parameters, where that was asked for}; ``record_wall_s``
        and ``wall_s``, the time this took.
    """
    started = time.perf_counter()
    config = person(config, seed)
    recording = recorded(config, seconds, cache)
    made = time.perf_counter()
    found = {"seed": seed, "drawn": _drawn(config), **lived(config, recording)}
    learnt = time.perf_counter()
    if known_too:
        with TemporaryDirectory() as folder:
            found["known"] = lived(informed(config, Path(folder)), recording)["after"]
    return found | {"record_wall_s": made - started, "wall_s": learnt - made}


def _drawn(config: Config) -> dict[str, float]:
    """Return who the person is in three numbers: two geometric means, and the delay."""
    simulation = config.simulation
    return {
        "strength": float(np.exp(np.mean(np.log(list(simulation.strength.values()))))),
        "emg_gain": float(np.exp(np.mean(np.log(list(simulation.emg_gain.values()))))),
        "delay_s": simulation.electromechanical_delay_s,
    }
