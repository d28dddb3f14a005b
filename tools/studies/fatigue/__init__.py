"""The report's words on simulated people who tire, beside the truth."""
