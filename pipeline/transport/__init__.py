"""Sockets and keys: who may bind, connect and hear."""
