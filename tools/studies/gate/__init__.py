"""How often the gate is right, against a truth that only a simulated person has."""
