"""The way of a sample, from live streams to joint moments, in the order it takes.

Importing this package opens nothing: no socket, no stream, no device.
"""
