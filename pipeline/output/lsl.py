"""Moments, parameters and status as LSL outlets, for recorders and for whoever speaks LSL."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from pipeline.errors import UserError
from pipeline.model.quantities import QUANTITIES
from pipeline.output.message import (
    Message,
    MomentMessage,
    MusclesMessage,
    ParametersMessage,
    StatusMessage,
)
from pipeline.streams.lsl.liblsl import load_pylsl
from pipeline.streams.lsl.outlet import linger
from pipeline.streams.own import PREDICTED_MOMENTS, own_source_id

PARAMETER_UNITS = {"optimal_fibre_length": "m", "tendon_slack_length": "m"}
"""Units of the muscle parameters that have one; the others are ratios."""
STIFFNESS = "joint-stiffness"
"""End of the name of the outlet of the joints' stiffness, which has no message of its own."""
BUFFER_S = 60
"""How much liblsl keeps for an inlet that does not read, s."""

logger = logging.getLogger(__name__)


class LslPublisher:
    """The messages as LSL outlets; without liblsl a warning is logged and nothing is sent.

    ``{prefix}-predicted-moments`` (type JointMoment, float32, N*m, one channel per joint),
    ``{prefix}-parameters`` (type MuscleParameters, irregular, one channel per parameter and
    muscle, labelled ``parameter.muscle``) and ``{prefix}-status`` (type Markers, strings: status
    and note). Where what muscles do is published, also ``{prefix}-muscles`` (type MuscleState,
    float32, one channel per quantity and muscle, labelled ``quantity.muscle``, then each muscle's
    share of each moment, ``moment.joint.muscle``) and ``{prefix}-joint-stiffness`` (type
    JointStiffness, float32, N*m/rad, one channel per joint, sent with the moments). Samples carry
    the time of publication, those of parameters the time of adoption.

    The moments are not called ``{prefix}-moments``, because that is what a lab calls its
    reference: the daemon must never be able to find its own output as its input.

    Parameters
    ----------
    prefix
        Start of the outlets' names.
    dofs
        Joints, in the order of every moment vector.
    muscles
        Muscles, in the order of every parameter vector.
    parameters
        Names of the parameters, as in `ParametersMessage.values`.
    rate_hz
        Nominal rate of the moments, Hz.
    muscles_hz
        Rate of the muscles messages, Hz; 0 where there are none.
    """

    def __init__(
        self,
        prefix: str,
        dofs: Sequence[str],
        muscles: Sequence[str],
        parameters: Sequence[str],
        rate_hz: float,
        muscles_hz: float = 0.0,
    ) -> None:
        self._parameters = tuple(parameters)
        self._outlets: dict[str, Any] = {}
        try:
            pylsl = load_pylsl()
        except UserError as error:
            logger.warning("Nothing is published over LSL: %s", error)
            return
        moments = dict.fromkeys(dofs, "N*m")
        values = {
            f"{name}.{muscle}": PARAMETER_UNITS.get(name, "1")
            for name in parameters
            for muscle in muscles
        }
        status = {"status": "", "note": ""}
        outlets = [
            ("moment", PREDICTED_MOMENTS, "JointMoment", moments, rate_hz, "float32"),
            ("parameters", "parameters", "MuscleParameters", values, 0.0, "float32"),
            ("status", "status", "Markers", status, 0.0, "string"),
        ]
        if muscles_hz > 0:
            states, stiff = _muscle_channels(dofs, muscles), dict.fromkeys(dofs, "N*m/rad")
            muscles_hz = min(muscles_hz, rate_hz)
            outlets += [
                ("muscles", "muscles", "MuscleState", states, muscles_hz, "float32"),
                (STIFFNESS, STIFFNESS, "JointStiffness", stiff, rate_hz, "float32"),
            ]
        for topic, name, kind, channels, rate, form in outlets:
            self._outlets[topic] = _open(pylsl, f"{prefix}-{name}", kind, channels, rate, form)

    @property
    def counts(self) -> dict[str, int]:
        """Nothing: liblsl does not tell what it lost."""
        return {}

    def send(self, message: Message) -> None:
        """Push a message into its outlet; a meta message has none, its content is in the desc."""
        outlet = self._outlets.get(message.topic)
        if outlet is None:
            return
        if isinstance(message, MomentMessage):
            outlet.push_sample(message.moment, message.t_published)
            if message.stiffness is not None and STIFFNESS in self._outlets:
                self._outlets[STIFFNESS].push_sample(message.stiffness, message.t_published)
        elif isinstance(message, MusclesMessage):
            vectors = (*(getattr(message, name) for name in QUANTITIES), *message.moment)
            outlet.push_sample([x for vector in vectors for x in vector], message.t_published)
        elif isinstance(message, ParametersMessage):
            flat = [value for name in self._parameters for value in message.values[name]]
            outlet.push_sample(flat, message.t)
        elif isinstance(message, StatusMessage):
            outlet.push_sample([message.status.value, message.note], message.t)

    def tend(self, now: float) -> None:
        """Do nothing: liblsl greets newcomers itself."""

    def close(self) -> None:
        """Close the outlets, giving liblsl a moment to send what it holds; safe to call twice."""
        linger(*self._outlets.values())
        self._outlets.clear()


def _muscle_channels(dofs: Sequence[str], muscles: Sequence[str]) -> dict[str, str]:
    """Return label and unit of each channel of what muscles do, in their order."""
    states = {f"{name}.{m}": unit for name, unit in QUANTITIES.items() for m in muscles}
    return states | {f"moment.{dof}.{m}": "N*m" for dof in dofs for m in muscles}


def _open(
    pylsl: Any, name: str, kind: str, channels: dict[str, str], rate_hz: float, form: str
) -> Any:
    """Return an outlet; `channels` gives each channel's label its unit."""
    info = pylsl.StreamInfo(name, kind, len(channels), rate_hz, form, own_source_id(name))
    described = info.desc().append_child("channels")
    for label, unit in channels.items():
        channel = described.append_child("channel")
        channel.append_child_value("label", label)
        channel.append_child_value("unit", unit)
    return pylsl.StreamOutlet(info, max_buffered=BUFFER_S)
