"""Names, domains and times of ROS 2, which need no DDS."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UserError
from pipeline.streams.ros2.names import dds_topic, domain, full_name, ros_topic, ros_type
from pipeline.streams.ros2.ros_time import to_lsl, to_ros, wall_less_steady_ns


@pytest.mark.parametrize(
    ("topic", "dds"),
    [
        ("/joint_states", "rt/joint_states"),
        ("joint_states", "rt/joint_states"),
        ("/hillstream/joint_states", "rt/hillstream/joint_states"),
        ("/_a/b1", "rt/_a/b1"),
    ],
)
def test_topics_are_called_in_dds_as_ros_calls_them(topic, dds):
    assert dds_topic(topic) == dds
    assert ros_topic(dds) == full_name(topic)


@pytest.mark.parametrize(
    "topic", ["", "/", "a b", "//a", "a/", "/1a", "rt//x", "~/a", "größe", "a\n"]
)
def test_what_is_no_topic_is_refused(topic):
    with pytest.raises(ValueError, match="is no ROS 2 topic"):
        full_name(topic)


def test_types_are_told_as_ros_calls_them_and_other_topics_are_none():
    assert ros_type("sensor_msgs::msg::dds_::JointState_") == "sensor_msgs/msg/JointState"
    assert ros_topic("rq/service") is None
    assert ros_topic("Square") is None


def test_the_domain_is_the_configured_one_else_that_of_the_environment(monkeypatch):
    monkeypatch.delenv("ROS_DOMAIN_ID", raising=False)
    assert domain(None) == 0
    monkeypatch.setenv("ROS_DOMAIN_ID", "42")
    assert (domain(None), domain(7)) == (42, 7)
    for wrong in ("x", "-1", "233", "1.5"):
        monkeypatch.setenv("ROS_DOMAIN_ID", wrong)
        with pytest.raises(UserError, match=f"ROS_DOMAIN_ID is '{wrong}'"):
            domain(None)


@given(st.floats(0.0, 1e6))
def test_a_time_on_the_lsl_clock_comes_back_from_ros_time(t):
    # Between the two conversions the wall clock may have been slewed, by a thousandth at most.
    assert to_lsl(*to_ros(t)) == pytest.approx(t, abs=1e-4)


def test_now_in_ros_time_is_unix_time():
    earliest = time.time()
    sec, nanosec = to_ros(time.monotonic())
    assert earliest - 1e-4 <= sec + 1e-9 * nanosec <= time.time() + 1e-4
    assert 0 <= nanosec < 1_000_000_000


def test_no_time_is_a_stamp_of_zero_both_ways():
    assert to_ros(None) == (0, 0)
    assert to_lsl(0, 0) is None


def test_a_time_that_no_stamp_can_hold_becomes_the_nearest():
    unix = -1e-9 * wall_less_steady_ns()
    assert to_ros(unix - 5.0) == (0, 0)
    assert to_ros(unix + 2.0**31 + 5.0) == (2**31 - 1, 999_999_999)
