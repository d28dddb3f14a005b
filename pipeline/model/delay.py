"""Electromechanical delays of people; without numpy, for the options of commands."""

USUAL_DELAY_S = 0.08
"""Electromechanical delay before anything is known, s (the peers' programs regularise to it)."""
LONGEST_DELAY_S = 0.3
"""Electromechanical delays of people are a third of it."""
