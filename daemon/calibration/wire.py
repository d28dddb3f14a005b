"""Messages between a daemon and a calibrator elsewhere, beside rows, orders and updates.

The daemon joins with what it is and where it stands; it is welcomed with what has arrived, or
refused with a sentence. All times of samples are of the daemon's clock, which only orders them:
the two machines' clocks are never compared.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from daemon.calibration.packed_rows import PackedRows
from daemon.calibration.shape import SetUpShape
from daemon.ipc.messages import Block, Finite, LinkMessage, Multipliers, UpdateMessage
from daemon.ipc.orders import Answer, ForgetOrder, PauseOrder, RestoreOrder
from pipeline.errors import UserError
from pipeline.model.subject import Subject, checked_subject

PROTOCOL = 3
"""Changes with any of the messages."""
Text = Annotated[str, Field(max_length=500)]
Session = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
Version = Annotated[int, Field(ge=0)]
Rate = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Join(LinkMessage):
    """A daemon wants to be calibrated; again with the same session where the link was lost."""

    topic: ClassVar[str] = "join"
    protocol: int
    hillstream: Text
    name: Annotated[str, Field(min_length=1, max_length=200)]
    """What the daemon is called where clients are listed."""
    session: Session
    """Tells it from every other, and from itself after it has begun anew."""
    shape: SetUpShape
    version: Version
    """Of the newest parameters that it has, `person` and `bones`."""
    person: Block
    bones: Multipliers
    stranger: bool
    """Whether nothing is known of the person, so that a start is to be searched."""
    in_step: bool = False
    """Whether each update is to stand on all rows up to a `Beat`, for who waits for it."""

    def subject(self, muscles: tuple[str, ...]) -> Subject:
        """Return the person to start from; ValueError where it is none, or of other muscles."""
        try:
            content = json.loads(self.person)
            if not isinstance(content, dict):
                raise ValueError("a person is an object")
            person = checked_subject(f"of {self.name}", content)
        except (UserError, RecursionError) as error:
            raise ValueError(str(error)) from error
        if person.muscles != muscles:
            raise ValueError("the person has other muscles than the set-up")
        return replace(person, bones=self.bones)


def packed_person(subject: Subject) -> bytes:
    """Return a person as `Join` carries them, without the bones."""
    return json.dumps(subject.content()).encode()


class Welcome(LinkMessage):
    """The daemon has been taken in."""

    topic: ClassVar[str] = "welcome"
    have: Finite | None
    """Time of the newest row that has arrived, s; None for none: all is wanted again."""


class Refusal(LinkMessage):
    """The daemon is not taken in, or no longer."""

    topic: ClassVar[str] = "refusal"
    sentence: Annotated[str, Field(max_length=2000)]
    """Why, for its operator; empty where it need only join again."""


class Beat(LinkMessage):
    """The daemon is there, and has sent all rows that it has."""

    topic: ClassVar[str] = "beat"


class Taken(LinkMessage):
    """What has arrived so far; also the answer to a `Beat`."""

    topic: ClassVar[str] = "taken"
    have: Finite | None
    updates_per_s: Rate
    wanted_per_s: Rate
    """What the rows that came in the same time would have allowed."""
    clients: Annotated[int, Field(ge=1)]


class Leave(LinkMessage):
    """The daemon ends in order: nothing of it need be kept."""

    topic: ClassVar[str] = "leave"


class ClientsQuestion(LinkMessage):
    """Somebody asks who is served."""

    topic: ClassVar[str] = "clients"


class ClientReport(LinkMessage):
    """How it goes for one daemon."""

    topic: ClassVar[str] = "client"
    name: str
    state: Literal["served", "away"]
    version: Version
    updates_per_s: Rate
    wanted_per_s: Rate
    bytes_per_s: Rate
    waiting: Annotated[int, Field(ge=0)]
    """Rows that its calibrator has had no time for yet."""
    missing: Annotated[int, Field(ge=0)]
    """Rows within the newest window's length that have not come."""
    silent_s: Rate
    result: str
    """Of the newest update; empty before the first."""


class ClientsReport(LinkMessage):
    """Who is served."""

    topic: ClassVar[str] = "report"
    hillstream: str
    title: str
    device: str
    most: int
    refused: int
    """Attempts without a listed key."""
    clients: Annotated[list[ClientReport], Field(max_length=1000)]


TO_CALIBRATOR = (
    Join,
    PackedRows,
    Beat,
    Leave,
    ClientsQuestion,
    PauseOrder,
    RestoreOrder,
    ForgetOrder,
)
FROM_CALIBRATOR = (Welcome, Refusal, Taken, UpdateMessage, Answer)
