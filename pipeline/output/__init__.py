"""Moments out: made safe, packed, and given to whoever wants them; and the hearing side of it."""
