"""Drafting: a set-up from a model and what a laboratory has; every guess is told."""
