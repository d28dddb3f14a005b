"""What the cockpit takes: of the daemon, of the machine, and of a browser."""
