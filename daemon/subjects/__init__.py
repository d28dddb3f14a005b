"""Persons from the files of other tools, and back into them."""
