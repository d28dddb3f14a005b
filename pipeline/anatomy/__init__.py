"""Anatomy: the muscles by the names that laboratories and models give them; imports nothing."""
