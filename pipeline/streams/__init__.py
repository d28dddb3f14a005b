"""Sources of samples: LSL, ZeroMQ and recordings, one `Source` shape, one `Chunk` type."""
