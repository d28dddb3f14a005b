"""Recordings, at full speed: no processes, no sockets, the same numbers every time."""
