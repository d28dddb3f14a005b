"""The stand-in for a lab; no real run imports it."""
