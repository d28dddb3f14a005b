"""The cockpit: a page for the operator, served by a client of the daemon like any other."""
