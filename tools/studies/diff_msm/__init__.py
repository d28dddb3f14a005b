"""Muscles and bones from excitations and motion alone: ``python -m tools.studies.diff_msm``."""
