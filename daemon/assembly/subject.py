"""The person a run starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from daemon.config import Config
from daemon.config.body import is_curve_file
from pipeline.errors import UserError
from pipeline.geometry import ModelFile
from pipeline.model.curve_choice import CurveChoice, load_curves
from pipeline.model.delay import USUAL_DELAY_S
from pipeline.model.subject import Subject, load_subject
from pipeline.sentences import listed

USUAL_GAIN = {"mvc": 1.0, "peak": 0.5, "unknown": 1.0}
"""What EMG is multiplied by before anything is known, by what it is scaled to: walking and its like
bring a muscle to about half of its maximum."""


def generic_subject(model: ModelFile, gain: float = 1.0) -> Subject:
    """Return the person a model file describes, of whom nothing has been measured.

    Parameters
    ----------
    gain
        What their EMG is multiplied by.
    """

    def each(field: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.array([getattr(muscle, field) for muscle in model.muscles])

    generic = Subject.generic(
        muscles=model.muscle_names,
        max_isometric_force=each("max_isometric_force_n"),
        optimal_fibre_length=each("optimal_fibre_length_m"),
        tendon_slack_length=each("tendon_slack_length_m"),
        pennation=each("pennation_at_optimal_rad"),
        max_velocity=each("max_contraction_velocity_per_s"),
    )
    return generic.with_values({"gain": gain * generic.gain})


def unknown_person(config: Config, model: ModelFile) -> Subject:
    """Return whom a set-up starts from where no calibrated subject is named.

    Raises
    ------
    UserError
        If the file of the curves cannot be read.
    """
    generic = generic_subject(model, USUAL_GAIN[config.envelope.scaled_to])
    rigid = model.muscle_names if config.model.tendon == "rigid" else ()
    curves = configured_curves(config) or generic.curves
    return replace(generic, curves=curves, rigid_tendon=frozenset(rigid))


def prior_of(config: Config, model: ModelFile, start: Subject) -> Subject:
    """Return who is believed before any data: the generic person, of the start's kind of muscle."""
    kind = {"curves": start.curves, "rigid_tendon": start.rigid_tendon}
    return replace(unknown_person(config, model), **kind)  # type: ignore[arg-type]


def configured_curves(config: Config) -> CurveChoice | None:
    """Return the curves that a set-up chooses; None where it leaves them to the subject.

    Raises
    ------
    UserError
        If their file cannot be read.
    """
    curves = config.model.curves
    if curves is None:
        return None
    return load_curves(Path(curves)) if is_curve_file(curves) else CurveChoice.of(curves)


def is_stranger(config: Config, version: int) -> bool:
    """Tell whether nothing is known of the person: none is named, and nothing was learnt yet."""
    return config.model.subject is None and version == 0


def delay_of(config: Config, subject: Subject) -> float:
    """Return the electromechanical delay, s: of the set-up, else of the subject, else the usual."""
    given = config.model.electromechanical_delay_s
    if given != "found":
        return given
    return USUAL_DELAY_S if subject.delay_s is None else subject.delay_s


def starting_subject(config: Config, model: ModelFile) -> Subject:
    """Return the parameters a run starts from, with the bones believed where they are identified.

    Raises
    ------
    UserError
        If the subject has other muscles than the model, or the skeleton other joints.
    """
    start = starting_muscles(config, model)
    if not config.torque_free:
        return start
    from daemon.assembly.skeleton import bones_believed  # loads torch

    return replace(start, bones=bones_believed(config))


def _difference(subject: Sequence[str], model: Sequence[str]) -> str:
    """Return what each of two sets of muscles has and the other has not."""
    sides = {"it lacks": set(model) - set(subject), "it also has": set(subject) - set(model)}
    told = " and ".join(
        f"{side} {listed(sorted(names), 8)}" for side, names in sides.items() if names
    )
    return told or "it has one of them more than once"


def starting_muscles(config: Config, model: ModelFile) -> Subject:
    """Return the configured subject in the model's order of muscles, or the generic one.

    Raises
    ------
    UserError
        If the subject cannot be read, or has other muscles than the model or other curves or
        tendons than the set-up.
    """
    path = config.model.subject
    if path is None:
        return unknown_person(config, model)
    subject = load_subject(path)
    _refuse_other_kind(config, subject, path)
    try:
        return subject.in_order(model.muscle_names)
    except ValueError as error:
        raise UserError(
            f"Subject '{path}' is not of the model's muscles: "
            f"{_difference(subject.muscles, model.muscle_names)}; give the subject that belongs to "
            "the model, or import the person anew with --config."
        ) from error


def _refuse_other_kind(config: Config, subject: Subject, path: Path) -> None:
    """Refuse a person whose parameters belong to another kind of muscle than the set-up's."""
    curves, tendon = configured_curves(config), config.model.tendon
    if curves is not None and curves != subject.curves:
        raise UserError(
            f"model.curves is {curves}, but the parameters of subject '{path}' belong to the "
            f"curves {subject.curves}; take model.curves out, or calibrate with it from no subject."
        )
    if tendon is not None and set(subject.rigid) != {tendon == "rigid"}:
        rigid = f"{sum(subject.rigid)} of {len(subject.muscles)} tendons rigid"
        raise UserError(
            f"model.tendon is {tendon}, but the parameters of subject '{path}' were found with "
            f"{rigid}; take model.tendon out, or calibrate with it from no subject."
        )
