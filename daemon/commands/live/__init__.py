"""Commands of a live run: run, demo, ctl, listen, play, simulate."""
