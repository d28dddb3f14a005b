"""Recordings: read from files of the field, and replayed as live streams."""
