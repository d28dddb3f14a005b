"""LSL: streams in and out, and what is needed of liblsl."""
