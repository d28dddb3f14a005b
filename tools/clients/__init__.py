"""Clients to copy: an exoskeleton's in Python, a UDP reader in C++."""
