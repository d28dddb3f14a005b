"""Muscle synergies: found in recorded excitations, and refined with the muscles they drive."""
