"""The predictor's helpers: state of a live run, no sockets of their own."""
