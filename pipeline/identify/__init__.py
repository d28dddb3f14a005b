"""Muscles and bones from motion alone (Diff-MSM), on recorded trials."""
