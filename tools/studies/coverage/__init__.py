"""Coverage of the calibrator's intervals: ``python -m tools.studies.coverage``."""
