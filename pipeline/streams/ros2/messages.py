"""The ROS 2 messages in use, with the names, types and order of their fields.

They are those of `builtin_interfaces`, `std_msgs`, `sensor_msgs` and `diagnostic_msgs`, unchanged
from Humble to Jazzy. All are final, and a ROS ``byte`` is a ``uint8``, as `rmw_cyclonedds` tells
other DDS programs: a reader that compares types sees the same ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Self

from cyclonedds.idl import IdlStruct
from cyclonedds.idl.annotations import final
from cyclonedds.idl.types import float64, int32, sequence, uint8, uint32

MAX_BYTES = 65536
"""No longer joint state is read: a thousand joints with all their values fit."""
Texts = Annotated[Sequence[str], sequence(str)]
Numbers = Annotated[Sequence[float], sequence(float64)]


@dataclass
@final
class Time(IdlStruct, typename="builtin_interfaces::msg::dds_::Time_"):
    """A time: seconds since 1970 and nanoseconds of the second."""

    sec: int32
    nanosec: uint32


@dataclass
@final
class Header(IdlStruct, typename="std_msgs::msg::dds_::Header_"):
    """When and in which frame."""

    stamp: Time
    frame_id: str = ""


@dataclass
@final
class JointState(IdlStruct, typename="sensor_msgs::msg::dds_::JointState_"):
    """Joints by name: position in rad, velocity in rad/s, effort in N*m; each may be left empty."""

    header: Header
    name: Texts
    position: Numbers = field(default_factory=list)
    velocity: Numbers = field(default_factory=list)
    effort: Numbers = field(default_factory=list)

    @classmethod
    def deserialize(
        cls, data: bytes, has_header: bool = True, use_version_2: bool | None = None
    ) -> Self:
        """Return the joint state that bytes hold; raises ValueError beyond `MAX_BYTES`."""
        if len(data) > MAX_BYTES:
            raise ValueError(f"{len(data)} bytes are more than {MAX_BYTES}")
        return super().deserialize(data, has_header, use_version_2)


@dataclass
@final
class KeyValue(IdlStruct, typename="diagnostic_msgs::msg::dds_::KeyValue_"):
    """A named value of a diagnosis."""

    key: str
    value: str


@dataclass
@final
class DiagnosticStatus(IdlStruct, typename="diagnostic_msgs::msg::dds_::DiagnosticStatus_"):
    """How a part is doing; levels are 0 OK, 1 WARN, 2 ERROR, 3 STALE."""

    level: uint8
    name: str
    message: str
    hardware_id: str
    values: Annotated[Sequence[KeyValue], sequence(KeyValue)]


@dataclass
@final
class DiagnosticArray(IdlStruct, typename="diagnostic_msgs::msg::dds_::DiagnosticArray_"):
    """How several parts are doing."""

    header: Header
    status: Annotated[Sequence[DiagnosticStatus], sequence(DiagnosticStatus)]


TYPE_HASHES = {
    JointState: "RIHS01_a13ee3a330e346c9d87b5aa18d24e11690752bd33a0350f11c5882bc9179260e",
    DiagnosticArray: "RIHS01_5a8a36efb05fb25070fa0fb3810290c0e6cd4862b54a8fb975a1ee8dc55a333e",
}
"""Hashes of the definitions (REP 2011), which ROS from Iron on shows with a topic."""
