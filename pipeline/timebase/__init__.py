"""Stamps to rows: streams of different rates on one grid, paired with their reference."""
