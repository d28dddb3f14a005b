"""The simulated sensors: what a person's lab would measure of them, noise and faults included."""
