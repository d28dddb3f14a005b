"""Programs beside the daemon: importers of models, an exoskeleton's client, benchmarks."""
