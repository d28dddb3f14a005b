"""The simulated person: muscles of their own solver, movements, fatigue."""
