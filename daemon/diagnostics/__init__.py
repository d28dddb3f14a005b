"""Examinations before a run: is the machine fit, and is the network as the set-up wants it."""
