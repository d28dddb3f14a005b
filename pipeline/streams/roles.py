"""The parts a stream can play, and all that is known of each before any sample has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import pi
from types import MappingProxyType

_TORQUE = {"N*m": 1.0, "N*mm": 1e-3}


@dataclass(frozen=True)
class StreamRole:
    """What is known of every stream of one role.

    Parameters
    ----------
    key
        Name of the role in a configuration, a chunk and a recording.
    lsl_type
        LSL type such a stream is sent with.
    recorded_types
        LSL types, in lower case, by which it is recognised in a recording.
    file_words
        Words, in lower case, by which it is recognised in an OpenSim file's header or name.
    units
        Factor to SI of each unit it may come in.
    si_unit
        Its SI unit; ready envelopes, in the unit 1, keep theirs.
    largest
        A larger magnitude, in the SI unit, cannot be.
    nan_is_no_reference
        Whether NaN says "no reference here"; elsewhere such a sample is lost.
    """

    key: str
    lsl_type: str
    recorded_types: frozenset[str]
    file_words: frozenset[str]
    units: Mapping[str, float]
    si_unit: str
    largest: float
    nan_is_no_reference: bool = False


_ROLES = (
    StreamRole(
        "emg",
        lsl_type="EMG",
        recorded_types=frozenset({"emg"}),
        file_words=frozenset({"emg", "emgs", "excitation", "excitations", "envelope", "envelopes"}),
        units={"V": 1.0, "mV": 1e-3, "uV": 1e-6, "nV": 1e-9, "1": 1.0},
        si_unit="V",
        largest=1e6,
    ),
    StreamRole(
        "angles",
        lsl_type="JointAngle",
        recorded_types=frozenset({"jointangle", "jointangles", "angle", "angles"}),
        file_words=frozenset({"angle", "angles", "ik", "q", "coordinates", "kinematics"}),
        units={"rad": 1.0, "deg": pi / 180},
        si_unit="rad",
        largest=100.0,
    ),
    StreamRole(
        "moments",
        lsl_type="JointMoment",
        recorded_types=frozenset({"jointmoment", "jointmoments", "moment", "moments"}),
        file_words=frozenset({"moment", "moments", "id", "torque", "torques"}),
        units=_TORQUE,
        si_unit="N*m",
        largest=1e5,
        nan_is_no_reference=True,
    ),
    StreamRole(
        "external",
        lsl_type="ExternalTorque",
        recorded_types=frozenset({"externaltorque", "externaltorques", "torques"}),
        file_words=frozenset(),
        units=_TORQUE,
        si_unit="N*m",
        largest=1e5,
        nan_is_no_reference=True,
    ),
    StreamRole(
        "accelerations",
        lsl_type="JointAcceleration",
        recorded_types=frozenset({"jointacceleration", "jointaccelerations", "accelerations"}),
        file_words=frozenset({"acceleration", "accelerations"}),
        units={"rad/s^2": 1.0, "deg/s^2": pi / 180},
        si_unit="rad/s^2",
        largest=1e5,
    ),
)

ROLES: Mapping[str, StreamRole] = MappingProxyType({role.key: role for role in _ROLES})
"""By key, in the order in which streams are listed."""
