"""A recording of rest and maximum contractions: what is asked for when, and what came of it."""
