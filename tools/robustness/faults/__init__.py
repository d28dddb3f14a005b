"""Everything that goes wrong, done to a running daemon: ``python -m tools.robustness.faults``."""
