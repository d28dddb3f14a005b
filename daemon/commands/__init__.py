"""The commands: click only. Each parses, calls one function and prints.

What takes long to import is imported when it is needed.
"""
