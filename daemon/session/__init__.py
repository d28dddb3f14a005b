"""The session log: one SQLite file that tells afterwards what happened, and when."""
