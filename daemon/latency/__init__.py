"""How fast a sample becomes a moment: the whole daemon on real streams, measured from outside."""
