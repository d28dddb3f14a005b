"""Where samples come from: LSL, ZeroMQ and recordings, one `Source` shape, one `Chunk` type."""
