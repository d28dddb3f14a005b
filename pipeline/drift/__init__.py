"""How each muscle's force for a given EMG drifts: what the data tell, and what has changed."""
