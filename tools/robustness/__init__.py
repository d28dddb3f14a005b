"""Trials by trouble: faults, spoilt bytes, kills, long runs."""
