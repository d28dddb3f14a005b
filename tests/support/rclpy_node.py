"""A real ROS 2 node: hears moments and diagnostics, publishes angles. It needs rclpy alone.

Every message becomes a line of JSON. It asks for reliable moments and for the deadline that the
daemon offers by default, as docs/ros2.md has it, and ends when its input does.
"""

import json
import sys
import threading

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.duration import Duration
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.qos import QoSProfile
from sensor_msgs.msg import JointState


def say(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def heard(state):
    stamp = state.header.stamp
    say(name=list(state.name), effort=list(state.effort), stamp=[stamp.sec, stamp.nanosec])


def diagnosed(array):
    say(diagnoses=[[ord(one.level), one.name, one.message] for one in array.status])


def main():
    rclpy.init()
    node = rclpy.create_node("witness")
    moments = QoSProfile(depth=100, deadline=Duration(seconds=0.1))
    node.create_subscription(
        JointState,
        "/hillstream/joint_states",
        heard,
        moments,
        event_callbacks=SubscriptionEventCallbacks(deadline=lambda event: say(missed=True)),
    )
    node.create_subscription(DiagnosticArray, "/diagnostics", diagnosed, 10)
    publisher = node.create_publisher(JointState, "/joint_states", 10)

    def publish():
        state = JointState(name=["ankle", "knee"], position=[0.25, -0.5])
        state.header.stamp = node.get_clock().now().to_msg()
        publisher.publish(state)

    def look():
        found = node.get_publishers_info_by_topic("/hillstream/joint_states")
        say(types=[[one.topic_type, str(one.topic_type_hash)] for one in found])

    node.create_timer(0.01, publish)
    node.create_timer(0.5, look)
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    while not ended.is_set():
        rclpy.spin_once(node, timeout_sec=0.1)


if __name__ == "__main__":
    main()
