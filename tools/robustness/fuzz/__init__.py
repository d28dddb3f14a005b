"""Bytes that nobody sane would send, at every entrance of the program.

`entrances` lists where bytes come in and what each may do with them, `examples` has valid input,
`mutate` spoils it. ``python -m tools.robustness.fuzz`` runs many of them; `tests/security` a few.
"""
