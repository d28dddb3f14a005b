"""A person executed on given excitations, lengths and moment arms, as CEINMS's execution does.

No geometry of ours takes part, and nothing is learnt: what comes out can be laid beside what
another program makes of the same input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from pipeline.errors import UserError
from pipeline.model.inputs import Inputs as ModelInputs
from pipeline.model.muscle_states import muscle_states
from pipeline.model.nms import parameters_of, simulate, stacked
from pipeline.model.quantities import QUANTITIES
from pipeline.model.subject import Array, Subject
from pipeline.streams.recordings.opensim import read_columns
from pipeline.streams.recordings.opensim_table import Table
from pipeline.streams.recordings.writing import write_sto

UNEVEN = 0.01
"""A step of the lengths' time may differ from the mean by this fraction of it."""
_FILES = {
    "excitation": "Excitations",
    "activation": "Activations",
    "force": "MuscleForces",
    "active_force": "ActiveForces",
    "passive_force": "PassiveForces",
    "fibre_length": "NormFibreLengths",
    "fibre_velocity": "NormFibreVelocities",
    "tendon_strain": "TendonStrain",
}
_MOMENTS = "Torques"


@dataclass(frozen=True)
class Inputs:
    """What a person is executed on, on one even time grid.

    Parameters
    ----------
    t
        s, shape [time].
    excitation
        As it was recorded, before the electromechanical delay, shape [muscle, time].
    length
        Muscle-tendon length, m, shape [muscle, time].
    moment_arm
        By joint, m, each of shape [muscle, time].
    """

    t: Array
    excitation: Array
    length: Array
    moment_arm: Mapping[str, Array]


@dataclass(frozen=True)
class Execution:
    """What came of it.

    Parameters
    ----------
    muscles
        By quantity (`QUANTITIES`), each of shape [muscle, time].
    moments
        By joint, N*m, shape [time].
    """

    t: Array
    muscles: Mapping[str, Array]
    moments: Mapping[str, Array]


def read_inputs(
    subject: Subject,
    excitations: Path,
    lengths: Path,
    moment_arms: Mapping[str, Path],
    drives: Mapping[str, Sequence[str]] | None = None,
) -> Inputs:
    """Read what a person is executed on; the grid is that of the lengths.

    Parameters
    ----------
    moment_arms
        A file for each joint.
    drives
        For each muscle the columns of the excitations whose mean drives it; None where they are
        the muscles' own.

    Raises
    ------
    UserError
        If a file is broken, lacks a muscle, does not cover the lengths' time, or their time steps
        are not even.
    """
    of_length = read_columns(lengths)
    t = _even(of_length.t, lengths)

    def on_grid(
        table: Table, file: Path, names: Sequence[str], absent: float | None = None
    ) -> Array:
        _check_span(table.t, t, file)
        columns = [_column(table, name, file, absent) for name in names]
        return np.stack([np.interp(t, table.t, column) for column in columns])

    of_excitation = read_columns(excitations)
    excitation = [
        on_grid(of_excitation, excitations, _driving(drives, muscle)).mean(0)
        for muscle in subject.muscles
    ]
    # A muscle that a joint's file does not have has no moment arm about it.
    arms = {
        dof: on_grid(read_columns(file), file, subject.muscles, 0.0)
        for dof, file in moment_arms.items()
    }
    return Inputs(t, np.stack(excitation), on_grid(of_length, lengths, subject.muscles), arms)


def _driving(drives: Mapping[str, Sequence[str]] | None, muscle: str) -> Sequence[str]:
    if drives is None:
        return (muscle,)
    if muscle not in drives:
        raise UserError(
            f"The set-up has no channel for the muscle {muscle}; it drives {', '.join(drives)}. "
            "Choose among these with --muscles."
        )
    return drives[muscle]


def _column(table: Table, name: str, file: Path, absent: float | None) -> Array:
    if name in table.columns:
        values = table.x[:, table.columns.index(name)]
        if not np.isfinite(values).all():
            row = int(np.argmin(np.isfinite(values)))
            raise UserError(
                f"'{file}' has a value of {name} at {table.t[row]:g} s that is no number; mend it, "
                "for it would spoil all that follows."
            )
        return values
    if absent is None:
        raise UserError(
            f"'{file}' has no column {name}; it has {', '.join(table.columns[:8])}"
            f"{' ...' if len(table.columns) > 8 else ''}. Add it, or leave its muscle out with "
            "--muscles."
        )
    return np.full(len(table.t), absent)


def _even(t: Array, file: Path) -> Array:
    steps = np.diff(t)
    if len(t) < 3 or np.abs(steps - steps.mean()).max() > UNEVEN * steps.mean():
        raise UserError(
            f"The time of '{file}' must go on in even steps, of which there are {len(steps)} from "
            f"{steps.min(initial=np.inf):g} to {steps.max(initial=0.0):g} s; resample it."
        )
    return t


def _check_span(given: Array, wanted: Array, file: Path) -> None:
    step = wanted[1] - wanted[0]
    if given[0] > wanted[0] + step or given[-1] < wanted[-1] - step:
        raise UserError(
            f"'{file}' goes from {given[0]:g} to {given[-1]:g} s, but the lengths from "
            f"{wanted[0]:g} to {wanted[-1]:g} s; cut the files to the same time."
        )


def execute(subject: Subject, inputs: Inputs, delay_s: float) -> Execution:
    """Compute what the person's muscles do, in double precision.

    Parameters
    ----------
    delay_s
        Electromechanical delay, s.
    """
    t = inputs.t
    delayed = [np.interp(t - delay_s, t, row) for row in inputs.excitation.clip(0.0, 1.0)]
    given = ModelInputs(
        torch.as_tensor(np.stack(delayed)),
        torch.as_tensor(inputs.length),
        torch.as_tensor(np.stack([*inputs.moment_arm.values()])),
        arm_slope=None,
    )
    parameters = stacked([parameters_of(subject)])
    step_s = float(t[-1] - t[0]) / (len(t) - 1)
    with torch.inference_mode():
        output = simulate(parameters, *given[:3], step_s)
        table = muscle_states(output.action(), output, parameters, given).numpy()
    moments = dict(zip(inputs.moment_arm, output.moment[0].numpy(), strict=True))
    return Execution(t, dict(zip(QUANTITIES, table, strict=False)), moments)


def write_execution(execution: Execution, muscles: tuple[str, ...], folder: Path) -> list[Path]:
    """Write a ``.sto`` file for each quantity, and one of the joint moments.

    Raises
    ------
    UserError
        If the folder cannot be written to.
    """
    tables = {
        _FILES[name]: (muscles, values.T, QUANTITIES[name])
        for name, values in execution.muscles.items()
    }
    joints = tuple(execution.moments)
    moments = np.stack([execution.moments[joint] for joint in joints], axis=1)
    tables[_MOMENTS] = (tuple(f"{joint}_moment" for joint in joints), moments, "N*m")
    files = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, (columns, values, unit) in tables.items():
            files.append(folder / f"{name}.sto")
            write_sto(files[-1], name, columns, execution.t, values, unit)
    except OSError as error:
        raise UserError(f"'{folder}' cannot be written to ({error.strerror}).") from error
    return files
