"""A DDS program of its own that writes down what it receives on a ROS 2 topic.

It shares nothing with hillstream: the types are written here once more. Every message becomes a
line of JSON with its bytes as they came, in hexadecimal, and what cyclonedds makes of them; an
empty one before says that a publication has been found.

Run as: python ros2_witness.py DOMAIN DDS_TOPIC KIND [RELIABILITY]
"""

import json
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

from cyclonedds.core import InstanceState as Instance
from cyclonedds.core import Qos, ReadCondition, SampleState, ViewState, WaitSet
from cyclonedds.domain import DomainParticipant
from cyclonedds.idl import IdlStruct
from cyclonedds.idl.types import float64, int32, sequence, uint8, uint32
from cyclonedds.qos import Policy
from cyclonedds.sub import DataReader
from cyclonedds.topic import Topic


def keeping_bytes(kind: Any) -> Any:
    """Make messages of a type keep the bytes they came in, and send those they are given."""
    decode, encode = kind.deserialize, kind.serialize

    def deserialize(data: bytes, *args: Any, **more: Any) -> Any:
        message = decode(data, *args, **more)
        message.raw = bytes(data)
        return message

    def serialize(message: Any, *args: Any, **more: Any) -> bytes:
        raw = getattr(message, "raw", None)
        return encode(message, *args, **more) if raw is None else raw

    kind.deserialize, kind.serialize = staticmethod(deserialize), serialize
    return kind


@dataclass
class Stamp(IdlStruct, typename="builtin_interfaces::msg::dds_::Time_"):
    sec: int32
    nanosec: uint32


@dataclass
class Head(IdlStruct, typename="std_msgs::msg::dds_::Header_"):
    stamp: Stamp
    frame_id: str


@keeping_bytes
@dataclass
class JointState(IdlStruct, typename="sensor_msgs::msg::dds_::JointState_"):
    header: Head
    name: sequence[str]
    position: sequence[float64]
    velocity: sequence[float64]
    effort: sequence[float64]


@dataclass
class Pair(IdlStruct, typename="diagnostic_msgs::msg::dds_::KeyValue_"):
    key: str
    value: str


@dataclass
class Part(IdlStruct, typename="diagnostic_msgs::msg::dds_::DiagnosticStatus_"):
    level: uint8
    name: str
    message: str
    hardware_id: str
    values: sequence[Pair]


@keeping_bytes
@dataclass
class DiagnosticArray(IdlStruct, typename="diagnostic_msgs::msg::dds_::DiagnosticArray_"):
    header: Head
    status: sequence[Part]


KINDS = {"JointState": JointState, "DiagnosticArray": DiagnosticArray}


def main(domain: int, topic: str, kind: str, reliability: str = "reliable") -> None:
    participant = DomainParticipant(domain)
    reliable = reliability == "reliable"
    qos = Qos(
        Policy.Reliability.Reliable(0) if reliable else Policy.Reliability.BestEffort,
        Policy.History.KeepLast(5000),
    )
    reader = DataReader(participant, Topic(participant, topic, KINDS[kind]), qos=qos)
    fresh = ReadCondition(reader, ViewState.Any | Instance.Any | SampleState.NotRead)
    waiting = WaitSet(participant)
    waiting.attach(fresh)
    while not reader.get_matched_publications():
        time.sleep(0.005)
    say({})  # it listens to someone
    while True:
        waiting.wait(10_000_000_000)
        for message in reader.take(1000):
            if message.sample_info.valid_data:
                raw, message.raw = message.raw, None
                say({"raw": raw.hex(), **asdict(message)})


def say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
