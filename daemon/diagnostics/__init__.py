"""Is it there, and is it fit: the machine and the network, examined before a run."""
