"""Commands on what a run has written down: report, export."""
