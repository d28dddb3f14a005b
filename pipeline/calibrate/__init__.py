"""Muscle parameters from windows of paired samples."""
