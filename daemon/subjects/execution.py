"""A person executed on given excitations, lengths and moment arms, as CEINMS's execution does.

No geometry of ours takes part, and nothing is learnt: what comes out can be laid beside what
another program makes of the same input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from daemon.subjects.execution_inputs import Inputs
from pipeline.errors import UserError
from pipeline.model.inputs import Inputs as ModelInputs
from pipeline.model.muscle_states import muscle_states
from pipeline.model.nms import parameters_of, simulate, stacked
from pipeline.model.quantities import QUANTITIES
from pipeline.model.subject import Array, Subject
from pipeline.streams.recordings.writing import write_sto

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
