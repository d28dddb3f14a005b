"""What hillstream takes of a machine: processor, memory, time until it is there."""
