"""Benchmarks: they measure and change nothing."""
