"""A fleet of exoskeletons on one calibrator, simulated: how many of them it serves."""
