"""Commands of the day before: check, streams, doctor, keys, subject."""
