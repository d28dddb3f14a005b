"""Calibration of simulated people who are drawn wide: ``python -m tools.studies.people``."""
