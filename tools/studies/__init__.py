"""Studies: the figures of the documents, each from one command."""
