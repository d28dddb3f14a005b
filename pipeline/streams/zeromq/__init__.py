"""ZeroMQ: streams in and out, and the message they travel in."""
