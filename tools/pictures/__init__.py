"""The pictures of README and site, taken of a real demo."""
