"""Text for people, made from messages; no state of the daemon."""
