"""Text for people and results for programs; no state of the daemon."""
