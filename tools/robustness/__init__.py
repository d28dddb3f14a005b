"""What goes wrong, done on purpose: faults, spoilt bytes, kills, long runs."""
