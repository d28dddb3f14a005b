"""Publications and subscriptions of ROS 2 topics, as `cyclonedds` makes them.

Samples travel in the first version of CDR, the only one that ROS 2 reads. `CYCLONEDDS_URI`
chooses network interfaces and all else that Cyclone DDS lets one choose, as for ROS nodes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from cyclonedds.builtin import BuiltinDataReader, BuiltinTopicDcpsPublication
from cyclonedds.core import DDSException, InstanceState, ReadCondition, SampleState, ViewState
from cyclonedds.core import WaitSet as DdsWaitSet
from cyclonedds.domain import Domain, DomainParticipant
from cyclonedds.pub import DataWriter
from cyclonedds.qos import Policy, Qos
from cyclonedds.sub import DataReader
from cyclonedds.topic import Topic
from cyclonedds.util import duration

from pipeline.errors import UserError
from pipeline.streams import clock
from pipeline.streams.ros2 import messages, names
from pipeline.streams.ros2.quality import Quality

QUEUE = 1000
"""Messages that wait for a reader, and that one look takes; older ones are dropped by DDS."""
DECODING_S = 0.02
"""After this time the rest waits for the next look: the caller has other work than decoding, s."""
_MOST_PUBLICATIONS = 1000
_POLICIES = {
    2: "durability",
    4: "deadline",
    11: "reliability",
    23: "data representation",
    24: "type",
}
"""Numbers of the policies that may keep a subscriber away, as Cyclone DDS has them."""
_BY_NAME = (
    "<CycloneDDS><Domain><Compatibility><IgnoreTypeInformation>1.1,1.15,1.16"
    "</IgnoreTypeInformation></Compatibility></Domain></CycloneDDS>"
)
"""Types match by name, as ROS 2 matches them, whatever Connext, Fast DDS and Cyclone tell of them:
of the type objects of Fast DDS Cyclone makes nothing, and would connect to none of its nodes."""
_domains: WeakValueDictionary[int, Any] = WeakValueDictionary()
"""Domains that this process has set up; who takes part in one keeps it."""


def _entered(domain_id: int) -> tuple[Any, Any]:
    """Return a domain, which has to be kept, and a participant in it."""
    settings = ",".join(filter(None, [_BY_NAME, os.environ.get("CYCLONEDDS_URI")]))
    try:
        domain = _domains.get(domain_id) or Domain(domain_id, settings)
        _domains[domain_id] = domain
        return domain, DomainParticipant(domain_id)
    except DDSException as error:
        raise UserError(
            f"DDS domain {domain_id} cannot be entered; check what CYCLONEDDS_URI says, and "
            "whether the network interface it names, or any, is up on this machine."
        ) from error


class Publication:
    """A topic that is published on.

    Parameters
    ----------
    topic
        Its ROS 2 name.
    kind
        One of the types of `messages`.
    quality
        What a subscriber may ask for.
    domain_id
        The DDS domain.

    Raises
    ------
    UserError
        If the domain cannot be entered.
    """

    def __init__(self, topic: str, kind: Any, quality: Quality, domain_id: int) -> None:
        self._domain, participant = _entered(domain_id)
        self._writer: Any = DataWriter(
            participant,
            Topic(participant, names.dds_topic(topic), kind),
            qos=_writer_qos(kind, quality),
        )

    def write(self, message: Any) -> bool:
        """Send a message and tell whether DDS took it. Never waits."""
        try:
            self._writer.write(message)
        except DDSException:
            return False
        return True

    @property
    def subscribers(self) -> int:
        """How many have been found."""
        return len(self._writer.get_matched_subscriptions())

    def kept_away(self) -> str:
        """Return what policy has kept a subscriber away since the last look; nothing for none."""
        status = self._writer.get_offered_incompatible_qos_status()
        if not status.total_count_change:
            return ""
        return _POLICIES.get(status.last_policy_id, f"policy {status.last_policy_id}")

    def close(self) -> None:
        """Leave once subscribers have all, which DDS waits for, a second at most."""
        self._writer = None
        self._domain = None


def _writer_qos(kind: Any, quality: Quality) -> Any:
    policies = [
        Policy.Reliability.Reliable(0) if quality.reliable else Policy.Reliability.BestEffort,
        Policy.History.KeepLast(quality.depth),
        Policy.Durability.TransientLocal if quality.keeps_last else Policy.Durability.Volatile,
        Policy.DataRepresentation(use_cdrv0_representation=True),
        Policy.Userdata(f"typehash={messages.TYPE_HASHES[kind]};".encode()),
    ]
    if quality.valid_for_s is not None:
        life = duration(seconds=quality.valid_for_s)
        policies += [Policy.Deadline(life), Policy.Lifespan(life)]
    return Qos(*policies)


@dataclass(frozen=True)
class Taken:
    """What a subscription had.

    Parameters
    ----------
    message
        The message; None where its bytes are none of its type.
    sender
        Tells one publication of the topic from another.
    """

    message: Any
    sender: int


class Subscription:
    """A topic that is listened to: the newest `QUEUE` messages, lost ones not asked for again.

    Parameters
    ----------
    topic, kind, domain_id
        As for `Publication`.

    Raises
    ------
    UserError
        If the domain cannot be entered.
    """

    def __init__(self, topic: str, kind: Any, domain_id: int) -> None:
        self._domain, self._participant = _entered(domain_id)
        qos = Qos(
            Policy.Reliability.BestEffort,  # which publications of either kind are heard by
            Policy.History.KeepLast(QUEUE),
            Policy.DataRepresentation(
                use_cdrv0_representation=True, use_xcdrv2_representation=True
            ),
        )
        self._reader: Any = DataReader(
            self._participant, Topic(self._participant, names.dds_topic(topic), kind), qos=qos
        )
        self._fresh: Any = ReadCondition(
            self._reader, ViewState.Any | InstanceState.Any | SampleState.NotRead
        )
        self._wait: Any = DdsWaitSet(self._participant)
        self._wait.attach(self._fresh)
        self._others: Any = BuiltinDataReader(self._participant, BuiltinTopicDcpsPublication)

    def wait(self, seconds: float) -> None:
        """Wait until something has come, for `seconds` at most."""
        self._wait.wait(duration(seconds=seconds))

    def take(self) -> Iterator[Taken]:
        """Yield what has come, one by one: bytes that are no message cost no other one."""
        until = clock.now() + DECODING_S
        for _ in range(QUEUE):
            if clock.now() > until:
                return
            try:
                taken = self._reader.take(1)
            except DDSException:
                return
            except Exception:  # whatever bytes of anyone do to the decoder
                yield Taken(None, 0)
                continue
            if not taken:
                return
            if taken[0].sample_info.valid_data:
                yield Taken(taken[0], taken[0].sample_info.publication_handle)

    @property
    def publishers(self) -> int:
        """How many publish on the topic."""
        return len(self._reader.get_matched_publications())

    def published(self) -> dict[str, set[str]]:
        """Return the ROS 2 types that are published in the domain, by topic."""
        found: dict[str, set[str]] = {}
        for one in self._others.read(_MOST_PUBLICATIONS):
            topic = names.ros_topic(getattr(one, "topic_name", ""))
            if topic is not None and one.sample_info.instance_state == InstanceState.Alive:
                found.setdefault(topic, set()).add(names.ros_type(one.type_name))
        return found

    def close(self) -> None:
        """Leave; safe to call twice."""
        self._wait = self._fresh = self._reader = self._others = self._participant = None
        self._domain = None
