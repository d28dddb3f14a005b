"""Objects made from a valid configuration: pipeline, calibrator, keys, and all its checks."""
