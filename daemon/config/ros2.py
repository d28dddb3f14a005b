"""Configuration of what ROS 2 has in its own: topics, domains and quality of service."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from daemon.config.section import Section
from pipeline.streams.ros2.names import LARGEST_DOMAIN, full_name

RosTopic = Annotated[str, AfterValidator(full_name)]
DomainId = Annotated[int, Field(ge=0, le=LARGEST_DOMAIN)]


class Ros2OutputConfig(Section):
    """Moments as joint states of ROS 2; an empty table takes all defaults. See docs/ros2.md."""

    topic: RosTopic = Field(
        "/hillstream/joint_states",
        description="Topic of sensor_msgs/msg/JointState the moments go out on, as effort, N*m.",
    )
    diagnostics: RosTopic = Field(
        "/diagnostics",
        description="Topic of diagnostic_msgs/msg/DiagnosticArray for status and streams.",
    )
    domain_id: DomainId | None = Field(
        None, description="ROS 2 domain; that of ROS_DOMAIN_ID where it is left out."
    )
    reliability: Literal["reliable", "best_effort"] = Field(
        "reliable",
        description="Whether moments lost on the way are sent again to subscribers that ask.",
    )
    durability: Literal["volatile", "transient_local"] = Field(
        "volatile",
        description="Whether a late subscriber that asks for it gets the newest messages; moments "
        "only while they are valid.",
    )
    depth: Annotated[int, Field(ge=1, le=1000)] = Field(
        10, description="Newest messages that are kept for subscribers."
    )
    not_ok: Literal["fade", "withhold"] = Field(
        "fade",
        description="What becomes of a moment that is not ok, which a JointState cannot tell: "
        "'fade' takes its effort to zero within output.fade_out_s; 'withhold' sends no message "
        "while a joint is not ok.",
    )

    @model_validator(mode="after")
    def _has_two_topics(self) -> Self:
        if self.topic == self.diagnostics:
            raise ValueError(
                f"topic and diagnostics are both '{self.topic}'; name them differently"
            )
        return self
