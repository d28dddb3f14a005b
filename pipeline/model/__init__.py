"""The differentiable muscle model: excitations and muscle-tendon lengths in, joint moments out."""
