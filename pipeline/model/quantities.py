"""What is told of each muscle, and in which units; without torch, for who only reads it."""

QUANTITIES = {
    "excitation": "1",
    "activation": "1",
    "force": "N",
    "active_force": "N",
    "passive_force": "N",
    "fibre_length": "1",
    "fibre_velocity": "1",
    "tendon_strain": "1",
}
"""Unit of each quantity, in the order in which tables and messages have them.

Excitation after electromechanical delay and gain, and activation, 0..1. Forces along the tendon:
active is what activation makes, passive what the stretched and damped fibre adds, force their sum.
Fibre length over the optimal one; fibre velocity over the maximum contraction velocity, positive
while it lengthens; tendon strain over the slack length.
"""
