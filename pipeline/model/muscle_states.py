"""All that a muscle does at a time, as a table: drive, forces, lengths, and its joint moments."""

from __future__ import annotations

import torch

from pipeline.model.action import Action
from pipeline.model.inputs import Inputs
from pipeline.model.nms import Output, Parameters
from pipeline.shapes import Float


def muscle_states(
    action: Action,
    output: Output,
    parameters: Parameters,
    inputs: Inputs,
) -> Float[torch.Tensor, "row muscle time"]:
    """Return the table of a window's muscles by the first of the parameter sets.

    Parameters
    ----------
    action, output
        What `simulate` made of the sets, without gradients; shape [set, muscle, time].
    parameters
        The sets, shape [set, muscle, 1].
    inputs
        What they were given.

    Returns
    -------
    Tensor
        A row for each of `pipeline.model.quantities`, then the moment about each joint in N*m.
    """
    force = output.force[0]
    active = parameters.max_isometric_force[0] * parameters.strength[0] * action.active[0]
    told = (
        (parameters.gain[0] * inputs.excitation).clamp_max(1.0),
        output.activation[0],
        force,
        active,
        force - active,
        output.fibre_length[0],
        action.velocity[0],
        output.strain[0],
    )
    return torch.cat((torch.stack(told), inputs.moment_arm * force))
