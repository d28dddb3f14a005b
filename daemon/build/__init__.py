"""From a valid configuration to objects: pipeline, calibrator, keys, and all checks of a set-up."""
