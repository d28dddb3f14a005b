"""ROS 2 without ROS: its messages over DDS, as `cyclonedds` carries them.

Nothing of this room but `messages` and `dds` imports `cyclonedds`; the rest asks `needs` for them.
"""
