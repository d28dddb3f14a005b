"""The parts a stream can play, and all that is known of each before any sample has come."""

from __future__ import annotations

import re
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
    words
        Words, in lower case, by which it is recognised in the name of a file, folder, key or stream
        (`role_told`).
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
    words: frozenset[str]
    units: Mapping[str, float]
    si_unit: str
    largest: float
    nan_is_no_reference: bool = False


_ROLES = (
    StreamRole(
        "emg",
        lsl_type="EMG",
        recorded_types=frozenset({"emg", "electromyography"}),
        words=frozenset(
            {"emg", "emgs", "semg", "electromyography"}
            | {"excitation", "excitations", "envelope", "envelopes"}
        ),
        units={"V": 1.0, "mV": 1e-3, "uV": 1e-6, "nV": 1e-9, "1": 1.0},
        si_unit="V",
        largest=1e6,
    ),
    StreamRole(
        "angles",
        lsl_type="JointAngle",
        recorded_types=frozenset({"jointangle", "jointangles", "angle", "angles"}),
        words=frozenset({"angle", "angles", "ik", "q", "coordinates", "kinematics"}),
        units={"rad": 1.0, "deg": pi / 180},
        si_unit="rad",
        # Degrees taken for radians must pass: the watch over the range names them.
        largest=1e4,
    ),
    StreamRole(
        "moments",
        lsl_type="JointMoment",
        recorded_types=frozenset({"jointmoment", "jointmoments", "moment", "moments"}),
        words=frozenset({"moment", "moments", "id", "torque", "torques"}),
        units=_TORQUE,
        si_unit="N*m",
        largest=1e5,
        nan_is_no_reference=True,
    ),
    StreamRole(
        "external",
        lsl_type="ExternalTorque",
        recorded_types=frozenset({"externaltorque", "externaltorques", "torque", "torques"}),
        words=frozenset({"external", "exo", "exoskeleton"}),
        units=_TORQUE,
        si_unit="N*m",
        largest=1e5,
        nan_is_no_reference=True,
    ),
    StreamRole(
        "accelerations",
        lsl_type="JointAcceleration",
        recorded_types=frozenset({"jointacceleration", "jointaccelerations", "accelerations"}),
        words=frozenset({"acceleration", "accelerations", "qdd", "qddot", "ddot", "dudt"}),
        units={"rad/s^2": 1.0, "deg/s^2": pi / 180},
        si_unit="rad/s^2",
        largest=1e5,
    ),
)

ROLES: Mapping[str, StreamRole] = MappingProxyType({role.key: role for role in _ROLES})
"""By key, in the order in which streams are listed."""
NEEDED = ("emg", "angles")
"""Roles that every moment comes from; the others are references, which may come late."""

_NO_ROLE = frozenset(
    {"dot", "qdot", "qd", "speed", "speeds", "velocity", "velocities"}  # of the joint angles
    | {"momentarm", "momentarms", "grf", "grfs", "loads", "markers"}
)
"""Words of what no stream plays, whatever else a name says."""
_CAMEL = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
"""The words of ``AdjustedEMGs``, ``IKData`` and ``emgFilt``."""
_MOMENT_ARM = re.compile(r"moment[_ ]?arm", re.IGNORECASE)


def role_told(*texts: str) -> str | None:
    """Return the role that names tell; the first that tells one decides. None where none does.

    ``s_emg``, ``AdjustedEmgs`` and ``EMGData`` tell ``emg``; ``q`` is angles, ``qDDot``
    accelerations, and ``qDot`` nothing that a stream plays.
    """
    for text in texts:
        text = _MOMENT_ARM.sub("momentarm", text)
        whole = set(re.split(r"[^a-z]+", text.lower()))
        for words in (whole, {word.lower() for word in _CAMEL.findall(text)}):
            roles = _roles_of(words)
            if len(roles) == 1:
                return roles.pop()
            if words & _NO_ROLE:
                return None
    return None


def words_of(text: str) -> list[str]:
    """Return the words and numbers of a name in their order, in lower case: ``IKData_walk1``."""
    return [word.lower() for word in re.findall(rf"{_CAMEL.pattern}|\d+", text)]


def _roles_of(words: set[str]) -> set[str]:
    """Return the roles of a name's words; the narrower one where one is part of the other."""
    roles = {key for key, role in ROLES.items() if words & role.words}
    if words & _NO_ROLE:
        return set()
    if "accelerations" in roles:
        return roles - {"angles"}
    # An exoskeleton also has forces and a state: only its torque is a role.
    return roles - ({"moments"} if {"external", "moments"} <= roles else {"external"})
