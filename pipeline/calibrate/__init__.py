"""From windows of paired samples to muscle parameters."""
